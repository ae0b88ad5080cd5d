{{- define "tidegate.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tidegate.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "tidegate.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tidegate.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tidegate.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "tidegate.fullname" .) -}}
{{- end -}}

{{- /* Who the operator is to the API server: the policies let this user, and nobody else, release a held rollout. */ -}}
{{- define "tidegate.username" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "tidegate.serviceAccountName" .) -}}
{{- end -}}

{{- define "tidegate.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "tidegate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tidegate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tidegate.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "tidegate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tidegate
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What the operator may do in the namespaces it works in: no verb on Secrets, no wildcard. */ -}}
{{- define "tidegate.rules" -}}
- apiGroups: [tidegate.io]
  resources: [databases, migrations]
  verbs: [get, list, watch]
- apiGroups: [tidegate.io]
  resources: [databases/status, migrations/status]
  verbs: [patch]
- apiGroups: [tidegate.io]
  resources: [ledgers]
  verbs: [get, list, watch, create, patch]
# Patch: a launch that has no pod at its start deadline is ended by suspending its Job.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
# Delete: a launch that never starts, or runs past its deadline, is ended by deleting its pod.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
# List: before a contract, whatever has or makes pods is asked whether it still needs what the contract takes away.
- apiGroups: [apps]
  resources: [statefulsets, daemonsets, replicasets]
  verbs: [list]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# List: who holds the fence that a migration's pod waits for is in the kubelet's events of that pod.
- apiGroups: [""]
  resources: [events]
  verbs: [list]
{{- end -}}

{{- /* Where the gate holds. Only what holds or refuses is limited; what opens works everywhere, so that nothing held is left behind. */ -}}
{{- define "tidegate.gatedNamespaces" -}}
namespaceSelector:
  matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ append .Values.gate.excludedNamespaces .Release.Namespace | uniq | sortAlpha | toJson }}
  {{- with .Values.namespaces }}
  - key: kubernetes.io/metadata.name
    operator: In
    values: {{ toJson . }}
  {{- end }}
{{- end -}}

{{- /* Every binding of a policy that changes workloads; what holds comes first. They go before anything is released at uninstall. */ -}}
{{- define "tidegate.mutatingBindings" -}}
["deployments-hold.tidegate.io", "jobs-hold.tidegate.io", "deployments-open.tidegate.io", "jobs-open.tidegate.io",
 "deployments-release.tidegate.io", "jobs-release.tidegate.io", "release-by.tidegate.io"]
{{- end -}}

{{- /* What releasing everything needs, in the namespaces that the operator works in. */ -}}
{{- define "tidegate.releaseRules" -}}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, patch]
# CronJobs: who released their Jobs by hand stands in their Job template.
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [list, patch]
# Delete: of several held Jobs of one CronJob only the newest is started.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, patch, delete]
{{- end -}}
