{{/* The label app.kubernetes.io/name: by default that of MetalLB's chart, also where its values file leaves it empty. */}}
{{- define "typemetal.name" -}}
{{ default "metallb" .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What the names of our objects begin with: the release's name, and ours unless that is part of it. */}}
{{- define "typemetal.fullname" -}}
{{- $name := include "typemetal.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "typemetal.selectorLabels" -}}
app.kubernetes.io/name: {{ include "typemetal.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "typemetal.labels" -}}
{{ include "typemetal.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The values of the ServiceAccount `name` of files/rbac.yaml, as YAML: those of a program, or our own. */}}
{{- define "typemetal.serviceAccount" -}}
{{- $values := default dict (index .root.Values .name) -}}
{{- default (dict "create" true "name" "" "annotations" dict) $values.serviceAccount | toYaml -}}
{{- end }}

{{/* Of `root`, the ServiceAccount of `name`. One that is no program's is looked for by its name. */}}
{{- define "typemetal.serviceAccountName" -}}
{{- $account := include "typemetal.serviceAccount" . | fromYaml -}}
{{- $own := ternary (printf "%s-%s" (include "typemetal.fullname" .root) .name) .name (hasKey .root.Values .name) -}}
{{- if $account.create -}}{{ default $own $account.name }}{{- else -}}{{ default "default" $account.name }}{{- end -}}
{{- end }}

{{/* Gives `object`, one of files/, our labels beside its own, our namespace if it has one, and `name`. In place. */}}
{{- define "typemetal.identify" -}}
{{- $metadata := .object.metadata -}}
{{- $labels := include "typemetal.labels" .root | fromYaml -}}
{{- $_ := set $metadata "name" .name -}}
{{- $_ := set $metadata "labels" (merge $labels (default dict $metadata.labels)) -}}
{{- if $metadata.namespace }}{{ $_ := set $metadata "namespace" .root.Release.Namespace }}{{ end -}}
{{- end }}

{{/* Lays the values of `program` over `workload`, its Deployment or DaemonSet of files/. In place. */}}
{{- define "typemetal.overlay" -}}
{{- $root := .root -}}
{{- $program := .program -}}
{{- $values := index $root.Values $program -}}
{{- $name := printf "%s-%s" (include "typemetal.fullname" $root) $program -}}
{{- include "typemetal.identify" (dict "root" $root "object" .workload "name" $name) -}}
{{- $component := dict "app.kubernetes.io/component" $program -}}
{{- $_ := set .workload.metadata "labels" (merge .workload.metadata.labels $component) -}}

{{- $selector := merge (include "typemetal.selectorLabels" $root | fromYaml) $component -}}
{{- $_ := set .workload.spec "selector" (dict "matchLabels" $selector) -}}
{{- $template := .workload.spec.template -}}
{{- $_ := set $template.metadata "labels" (merge (deepCopy $selector) $template.metadata.labels $values.labels) -}}
{{- $annotations := dict -}}
{{- if $root.Values.prometheus.scrapeAnnotations -}}
{{- $annotations = merge (dict "prometheus.io/port" (toString $root.Values.prometheus.metricsPort)) $template.metadata.annotations -}}
{{- end -}}
{{- $annotations = merge $annotations $values.podAnnotations -}}
{{- if $annotations }}{{ $_ := set $template.metadata "annotations" $annotations }}{{ else }}{{ $_ := unset $template.metadata "annotations" }}{{ end -}}

{{- $pod := $template.spec -}}
{{- $_ := set $pod "serviceAccountName" (include "typemetal.serviceAccountName" (dict "root" $root "name" $program)) -}}
{{- with $root.Values.imagePullSecrets }}{{ $_ := set $pod "imagePullSecrets" . }}{{ end -}}
{{- range $field := list "affinity" "priorityClassName" "runtimeClassName" "securityContext" -}}
{{- with index $values $field }}{{ $_ := set $pod $field . }}{{ end -}}
{{- end -}}
{{- $_ := set $pod "nodeSelector" (merge (deepCopy $values.nodeSelector) $pod.nodeSelector) -}}
{{- with concat (default list $pod.tolerations) $values.tolerations }}{{ $_ := set $pod "tolerations" . }}{{ end -}}

{{- $container := first $pod.containers -}}
{{- $image := $root.Values.image -}}
{{- $_ := set $container "image" (printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag)) -}}
{{- with $image.pullPolicy }}{{ $_ := set $container "imagePullPolicy" . }}{{ end -}}
{{- with $values.resources }}{{ $_ := set $container "resources" . }}{{ end -}}
{{- $args := list -}}
{{- range $arg := $container.args -}}
{{- if hasPrefix "--port=" $arg }}{{ $arg = printf "--port=%v" $root.Values.prometheus.metricsPort }}{{ end -}}
{{- if hasPrefix "--log-level=" $arg }}{{ $arg = printf "--log-level=%s" $values.logLevel }}{{ end -}}
{{- $args = append $args $arg -}}
{{- end -}}
{{- with $root.Values.loadBalancerClass }}{{ $args = append $args (printf "--lb-class=%s" .) }}{{ end -}}
{{- $tls := default dict $root.Values.tls -}}
{{- range $flag, $value := dict "min-version" $tls.minVersion "cipher-suites" $tls.cipherSuites "curve-preferences" $tls.curvePreferences -}}
{{- with $value }}{{ $args = append $args (printf "--tls-%s=%s" $flag .) }}{{ end -}}
{{- end -}}
{{- with index $tls (printf "%sMetricsTLSSecret" $program) -}}
{{- $args = append $args "--metrics-cert-dir=/etc/metrics-certs" -}}
{{- $volume := dict "name" "metrics-certs" "secret" (dict "secretName" .) -}}
{{- $mount := dict "name" "metrics-certs" "mountPath" "/etc/metrics-certs" "readOnly" true -}}
{{- $_ := set $pod "volumes" (append (default list $pod.volumes) $volume) -}}
{{- $_ := set $container "volumeMounts" (append (default list $container.volumeMounts) $mount) -}}
{{- end -}}
{{- $_ := set $container "args" (concat $args $values.extraArgs) -}}
{{- range $port := $container.ports -}}
{{- if eq $port.name "metricshttps" }}{{ $_ := set $port "containerPort" $root.Values.prometheus.metricsPort }}{{ end -}}
{{- end -}}
{{- range $field := list "startupProbe" "livenessProbe" "readinessProbe" -}}
{{- $probe := index $values $field -}}
{{- if eq (toString $probe.enabled) "false" -}}
{{- $_ := unset $container $field -}}
{{- else -}}
{{- $_ := set $container $field (merge (omit $probe "enabled") (index $container $field)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $pod "containers" (concat (list $container) $values.extraContainers) -}}
{{- end }}

{{/* What MetalLB's chart has and this one has no use for: there is no webhook, no BGP, no memberlist of its own port. */}}
{{- define "typemetal.ignoredValues" -}}
controller.image speaker.image controller.enabled speaker.enabled controller.webhookMode controller.command speaker.command speaker.memberlist speaker.frr speaker.reloader speaker.frrMetrics speaker.initContainers speaker.bgpDebounceTimeout speaker.secretName speaker.wanConfig crds.validationFailurePolicy frrk8s frr-k8s prometheus.rbacPrometheus prometheus.serviceAccount prometheus.namespace prometheus.serviceMonitor prometheus.prometheusRule.staleConfig prometheus.prometheusRule.configNotLoaded prometheus.prometheusRule.addressPoolExhausted prometheus.prometheusRule.addressPoolUsage prometheus.prometheusRule.bgpSessionDown prometheus.secureMetricsPort prometheus.speaker prometheus.controller
{{- end }}
