# shellcheck shell=bash
# A certificate authority of the cluster's own, what it signs, and kubeconfigs that carry everything inline.

# A private key and a certificate in one openssl process; no default extensions of the machine's openssl.cnf.
openssl_request() {
  local name=$1
  shift
  openssl req -x509 -config "$STATE/pki/openssl.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 \
    -keyout "$STATE/pki/$name.key" -out "$STATE/pki/$name.crt.new" "$@" 2>"$STATE/log/openssl.log" ||
    die "openssl could not make the certificate '$name': see $STATE/log/openssl.log"
  mv "$STATE/pki/$name.crt.new" "$STATE/pki/$name.crt"
}

# The certificate authority, and the key pair that signs ServiceAccount tokens.
make_authority() {
  mkdir -p "$STATE/log"
  (umask 077 && mkdir -p "$STATE/pki")
  [[ -e $STATE/pki/ca.crt && -e $STATE/pki/sa.pub ]] && return
  printf '[req]\ndistinguished_name = name\n[name]\n' >"$STATE/pki/openssl.cnf"
  openssl_request ca -subj "/CN=tidegate-local" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
  openssl ecparam -genkey -name prime256v1 -noout -out "$STATE/pki/sa.key"
  openssl pkey -in "$STATE/pki/sa.key" -pubout -out "$STATE/pki/sa.pub.new"
  mv "$STATE/pki/sa.pub.new" "$STATE/pki/sa.pub"
}

# make_certificate NAME SUBJECT [SUBJECT_ALTERNATIVE_NAMES]
make_certificate() {
  [[ -e $STATE/pki/$1.crt ]] && return
  openssl_request "$1" -subj "$2" -CA "$STATE/pki/ca.crt" -CAkey "$STATE/pki/ca.key" \
    -addext extendedKeyUsage=serverAuth,clientAuth ${3:+-addext "subjectAltName=$3"}
}

inline() { base64 --wrap=0 "$STATE/pki/$1"; }

# make_kubeconfig FILE CERTIFICATE SERVER: one file is enough, wherever it is copied to.
make_kubeconfig() {
  local file=$1 certificate=$2 server=$3
  (
    umask 077
    cat >"$file.new" <<END
apiVersion: v1
kind: Config
clusters:
- name: $NAME
  cluster:
    server: $server
    certificate-authority-data: $(inline ca.crt)
users:
- name: $certificate
  user:
    client-certificate-data: $(inline "$certificate.crt")
    client-key-data: $(inline "$certificate.key")
contexts:
- name: $NAME
  context: {cluster: $NAME, user: $certificate}
current-context: $NAME
END
    mv "$file.new" "$file"
  )
}
