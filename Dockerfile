# The image of the operator and of the agent: two executables, the libraries they need, nothing else.
#   docker build --tag tidegate .
# A compiler cache mounted at /ccache is used: buildah build --volume "$HOME/.cache/ccache:/ccache" --tag tidegate .

FROM debian:bookworm-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ccache cmake g++ ninja-build \
    libboost-dev libcivetweb-dev libcli11-dev libcpprest-dev libpqxx-dev libspdlog-dev libssl-dev libyaml-cpp-dev \
    nlohmann-json3-dev prometheus-cpp-dev \
 && rm -rf /var/lib/apt/lists/*
COPY . /source
WORKDIR /source
# The compiler is told apart by its contents: its time of installation differs from build to build.
ENV CCACHE_DIR=/ccache CCACHE_COMPILERCHECK=content CCACHE_BASEDIR=/source
RUN cmake --preset release && cmake --build --preset release --target tidegate tidegate-agent

# /image is the final file system. The programs' own needs are the list of libraries; nothing here loads one at run time.
RUN mkdir -p /image/etc \
 && for program in tidegate tidegate-agent; do \
      strip --output-file="/image/$program" "$(find build/release -type f -name "$program")" || exit 1; \
    done \
 && ldd /image/tidegate /image/tidegate-agent | awk '$2 == "=>" { print $3 } $1 ~ /^\/.*ld-linux/ { print $1 }' | sort --unique \
    | xargs cp --dereference --parents --target-directory=/image \
 && echo 'tidegate:x:65532:65532::/:/' > /image/etc/passwd \
 && echo 'tidegate:x:65532:' > /image/etc/group

FROM scratch
COPY --from=build /image/ /
# Both programs trust the authority that they are given (the cluster's, the Database's) and no public one. Reading a bundle
# of those would cost the operator twenty times the CPU of its own work.
ENV SSL_CERT_FILE=/dev/null
USER 65532:65532
ENTRYPOINT ["/tidegate"]
