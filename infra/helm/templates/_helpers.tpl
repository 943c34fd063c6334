{{- define "jms-sync.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "jms-sync.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "jms-sync.labels" -}}
{{ include "jms-sync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "jms-sync.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "jms-sync.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "jms-sync.image" -}}
{{- $repository := required "image.repository: 填自己仓库里的镜像 / the image in your registry" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "jms-sync.claim" -}}
{{- default (printf "%s-state" (include "jms-sync.fullname" .)) .Values.state.persistence.existingClaim -}}
{{- end -}}

{{/* What cannot work is said before anything is deployed. */}}
{{- define "jms-sync.check" -}}
{{- if and (not .Values.config.existingSecret) (not .Values.config.reference) -}}
{{- fail "config: 填 existingSecret 或 reference / one of existingSecret and reference is needed" -}}
{{- end -}}
{{- if and .Values.config.existingSecret .Values.config.reference -}}
{{- fail "config: existingSecret 与 reference 只能填一个 / only one of existingSecret and reference" -}}
{{- end -}}
{{- if and (not .Values.state.url) (not .Values.state.persistence.enabled) -}}
{{- fail "state: 填 url 或打开 persistence，否则没有租约、审批与历史 / url or persistence is needed: without state there are no leases, approvals and history" -}}
{{- end -}}
{{- if and .Values.state.url .Values.state.persistence.enabled -}}
{{- fail "state: url 与 persistence 只能用一个 / only one of url and persistence" -}}
{{- end -}}
{{- if .Values.events.enabled -}}
{{- if not .Values.events.token.existingSecret -}}
{{- fail "events.token.existingSecret: 发送事件的人要出示的令牌 / the token that senders of events show" -}}
{{- end -}}
{{- if and .Values.events.ingress.enabled (not .Values.events.ingress.tlsSecret) -}}
{{- fail "events.ingress.tlsSecret: 令牌不能明文走网络 / the token must not travel in clear" -}}
{{- end -}}
{{- if and .Values.state.persistence.enabled (not .Values.state.persistence.existingClaim) (ne .Values.state.persistence.accessMode "ReadWriteMany") -}}
{{- fail "state.persistence.accessMode: CronJob 与事件的 Deployment 共用时要 ReadWriteMany，或用 state.url / CronJob and event Deployment share the volume: ReadWriteMany, or state.url" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "jms-sync.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "jms-sync.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The environment of both: variables of Secrets first, so that ours win. */}}
{{- define "jms-sync.environment" -}}
{{- with .Values.variables.existingSecrets }}
envFrom:
  {{- range . }}
  - secretRef:
      name: {{ . | quote }}
  {{- end }}
{{- end }}
env:
  - name: JMS_SYNC_STATE
    value: {{ default "file:///state" .Values.state.url | quote }}
  - name: JMS_SYNC_CONFIG
    value: {{ .Values.config.reference | quote }}
{{- end -}}

{{- define "jms-sync.configArgs" -}}
{{- if .Values.config.existingSecret -}}
- -c
- /etc/jms-sync/config.yaml
{{- end -}}
{{- end -}}

{{- define "jms-sync.mounts" -}}
{{- if .Values.config.existingSecret }}
- name: config
  mountPath: /etc/jms-sync
  readOnly: true
{{- end }}
{{- if .Values.state.persistence.enabled }}
- name: state
  mountPath: /state
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jms-sync.volumes" -}}
{{- if .Values.config.existingSecret }}
- name: config
  secret:
    secretName: {{ .Values.config.existingSecret | quote }}
    # root's, readable by the group 65532, which fsGroup makes the file's
    defaultMode: 288 # 0440
    items:
      - key: {{ .Values.config.key | quote }}
        path: config.yaml
{{- end }}
{{- if .Values.state.persistence.enabled }}
- name: state
  persistentVolumeClaim:
    claimName: {{ include "jms-sync.claim" . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jms-sync.placement" -}}
serviceAccountName: {{ include "jms-sync.serviceAccount" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "jms-sync.podSecurity" . | nindent 2 }}
{{- with include "jms-sync.volumes" . | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}
