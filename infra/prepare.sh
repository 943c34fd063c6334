#!/usr/bin/env bash
# Makes by Terraform what the functions of the cloud $1 need: see make infra. What is missing for that is said first, all of
# it. Of Alibaba Cloud the variables for s deploy are put into .env, where other lines stay.
set -euo pipefail
cd "$(dirname "$0")/.."
cloud=${1:-alibaba}
terraform=${TERRAFORM:-terraform}
dir=infra/$cloud
missing=()

lacks() { missing+=("$1"); }

# given NAME: the module's variable is in a file of the module, or in the environment.
given() {
	local variable=TF_VAR_$1
	[ -n "${!variable:-}" ] || grep -qs "^[[:space:]]*$1[[:space:]]*=" "$dir"/*.tfvars
}

# from_dotenv NAME VARIABLE: a variable of s.yaml is the module's too, unless that is set by itself.
from_dotenv() {
	local value=${!1:-}
	if [ -z "$value" ] && [ -f .env ]; then value=$(sed -n "s/^$1=//p" .env | tail -n 1); fi
	if [ -n "$value" ] && ! given "$2"; then export "TF_VAR_$2=$value"; fi
}

if ! command -v "$terraform" >/dev/null; then
	lacks "Terraform 1.5 or later (https://developer.hashicorp.com/terraform/install), or OpenTofu: TERRAFORM=tofu"
else
	version=$("$terraform" version | sed -n '1s/^[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
	read -r major minor <<<"${version:-0 0}"
	if [ "$major" -lt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -lt 5 ]; }; then lacks "Terraform 1.5 or later: this is $major.$minor"; fi
fi

case $cloud in
alibaba)
	[ -n "${ALICLOUD_ACCESS_KEY:-${ALIBABA_CLOUD_ACCESS_KEY_ID:-}}" ] && [ -n "${ALICLOUD_SECRET_KEY:-${ALIBABA_CLOUD_ACCESS_KEY_SECRET:-}}" ] ||
		[ -n "${ALICLOUD_PROFILE:-${ALIBABA_CLOUD_PROFILE:-}}${ALICLOUD_ECS_ROLE_NAME:-${ALICLOUD_CREDENTIALS_URI:-}}" ] ||
		lacks "a key: export ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY, or ALICLOUD_PROFILE with a profile of the aliyun command"
	from_dotenv DEPLOY_REGION region
	from_dotenv DEPLOY_PREFIX prefix
	;;
aws)
	[ -n "${AWS_ACCESS_KEY_ID:-${AWS_PROFILE:-${AWS_WEB_IDENTITY_TOKEN_FILE:-}}}" ] || [ -f "${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" ] ||
		lacks "a key: export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	given region || lacks "the region: export TF_VAR_region, or write $dir/terraform.tfvars as terraform.tfvars.example shows"
	[ -f dist/lambda.zip ] || given package || lacks "the function's package dist/lambda.zip: make package"
	;;
huawei)
	{ [ -n "${HW_ACCESS_KEY:-}" ] && [ -n "${HW_SECRET_KEY:-}" ]; } || [ -n "${HW_PROFILE:-}" ] ||
		lacks "a key: export HW_ACCESS_KEY and HW_SECRET_KEY, or HW_PROFILE"
	for name in region bucket_suffix listed_projects; do
		given $name || lacks "$name: write $dir/terraform.tfvars as terraform.tfvars.example shows"
	done
	[ -f dist/functiongraph.zip ] || given package || lacks "the function's package dist/functiongraph.zip: make package"
	;;
*)
	lacks "a cloud: alibaba, aws or huawei, not $cloud"
	;;
esac

if [ ${#missing[@]} -gt 0 ]; then
	echo "make infra needs:" >&2
	printf '  - %s\n' "${missing[@]}" >&2
	exit 1
fi

"$terraform" -chdir="$dir" init -input=false
# shellcheck disable=SC2086 # INFRA_FLAGS holds several
if ! "$terraform" -chdir="$dir" apply ${INFRA_FLAGS:-}; then
	cat >&2 <<EOF
Not all is there: what was made stays, and make infra goes on from there once the error above is mended. What exists already
(EntityAlreadyExist, BucketAlreadyExists …) becomes Terraform's by $terraform -chdir=$dir import ADDRESS ID; of EventBridge's
roles leave in event_bridge_roles only those that are not there.
EOF
	exit 1
fi

if [ "$cloud" != alibaba ]; then
	"$terraform" -chdir="$dir" output environment
	exit
fi

# Lines of .env that have the same names are replaced, all others stay.
lines=$("$terraform" -chdir="$dir" output -raw environment)
umask 077
touch .env
kept=$(cut -d= -f1 <<<"$lines" | sed 's/.*/^&=/' | grep -v -f - .env || true)
printf '%s\n' ${kept:+"$kept"} "$lines" >.env.new
mv .env.new .env
echo "In .env:"
printf '  %s\n' "${lines//$'\n'/$'\n'  }"
bucket=$(sed -n 's#^JMS_SYNC_CONFIG=oss://\([^/]*\)/.*#\1#p' <<<"$lines")
key=$(sed -n 's#^JMS_SYNC_CONFIG=oss://[^/]*/\([^?]*\).*#\1#p' <<<"$lines")
echo "Next: ossutil cp config.yaml oss://$bucket/$key, then make deploy"
