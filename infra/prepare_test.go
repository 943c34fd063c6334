package infra

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeTerraform stands in for terraform: it notes what it is asked, and answers with the environment of infra/alibaba.
const fakeTerraform = `#!/bin/sh
echo "$* region=${TF_VAR_region:-} prefix=${TF_VAR_prefix:-}" >>"$LOG"
case "$*" in
version) echo "Terraform v${VERSION:-1.11.4}" ;;
*"output -raw environment")
	printf 'DEPLOY_REGION=cn-beijing\nDEPLOY_PREFIX=jms-sync\nJMS_SYNC_CONFIG=oss://jms-sync-config-1/config.yaml?region=cn-beijing&endpoint=e\nJMS_SYNC_STATE=oss://jms-sync-state-1/jms-sync?region=cn-beijing&endpoint=e' ;;
*apply*) exit ${APPLY:-0} ;;
esac
`

// prepareDesk is a copy of what make infra works on.
type prepareDesk struct{ dir, log string }

func newPrepareDesk(t *testing.T) prepareDesk {
	t.Helper()
	d := prepareDesk{dir: t.TempDir()}
	d.log = filepath.Join(d.dir, "log")
	for name, text := range map[string]string{"infra/prepare.sh": string(readRepoFile(t, "prepare.sh")), "bin/terraform": fakeTerraform} {
		file := filepath.Join(d.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range moduleNames() {
		err := os.CopyFS(filepath.Join(d.dir, "infra", dir), os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// run starts prepare.sh with nothing of this process's environment but the path.
func (d prepareDesk) run(t *testing.T, cloud string, environment ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(d.dir, "infra", "prepare.sh"), cloud)
	cmd.Env = append([]string{"PATH=" + filepath.Join(d.dir, "bin") + ":/usr/bin:/bin", "HOME=" + d.dir, "LOG=" + d.log}, environment...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d prepareDesk) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPrepareSaysWhatIsMissing: make infra names everything that it lacks at once, and then does nothing.
func TestPrepareSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := newPrepareDesk(t)
	for _, c := range []struct {
		cloud       string
		environment []string
		lacks       []string
	}{
		{"alibaba", nil, []string{"ALICLOUD_ACCESS_KEY"}},
		{"alibaba", []string{"ALICLOUD_PROFILE=default", "VERSION=1.4.7"}, []string{"Terraform 1.5 or later: this is 1.4"}},
		{"alibaba", []string{"ALICLOUD_PROFILE=default", "TERRAFORM=no-such-program"}, []string{"Terraform 1.5 or later", "TERRAFORM=tofu"}},
		{"aws", nil, []string{"AWS_PROFILE", "TF_VAR_region", "dist/lambda.zip: make package"}},
		{"huawei", []string{"TF_VAR_region=cn-north-4"}, []string{"HW_ACCESS_KEY", "bucket_suffix", "listed_projects", "terraform.tfvars.example", "functiongraph.zip"}},
		{"azure", nil, []string{"alibaba, aws or huawei, not azure"}},
	} {
		said, err := d.run(t, c.cloud, c.environment...)
		if err == nil {
			t.Errorf("%s %v: nothing is missing: %s", c.cloud, c.environment, said)
		}
		for _, word := range c.lacks {
			if !strings.Contains(said, word) {
				t.Errorf("%s %v: %q is not said in %s", c.cloud, c.environment, word, said)
			}
		}
	}
	if log := string(readRepoFile(t, d.log)); strings.Contains(log, "init") || strings.Contains(log, "apply") {
		t.Errorf("terraform was asked to %s", log)
	}
}

// TestPrepareWritesEnvironment: after make infra .env has what s deploy needs, once, beside the lines that it had; the
// module gets region and prefix from there.
func TestPrepareWritesEnvironment(t *testing.T) {
	t.Parallel()
	d := newPrepareDesk(t)
	d.write(t, ".env", "JMS_ACCESS_KEY_ID=k\nDEPLOY_REGION=cn-beijing\nJMS_SYNC_STATE=old\nJMS_SYNC_STATE_OTHER=kept\n")
	for range 2 {
		said, err := d.run(t, "alibaba", "ALICLOUD_PROFILE=default")
		if err != nil || !strings.Contains(said, "ossutil cp config.yaml oss://jms-sync-config-1/config.yaml, then make deploy") {
			t.Fatalf("%v %s", err, said)
		}
		want := "JMS_ACCESS_KEY_ID=k\nJMS_SYNC_STATE_OTHER=kept\nDEPLOY_REGION=cn-beijing\nDEPLOY_PREFIX=jms-sync\n" +
			"JMS_SYNC_CONFIG=oss://jms-sync-config-1/config.yaml?region=cn-beijing&endpoint=e\nJMS_SYNC_STATE=oss://jms-sync-state-1/jms-sync?region=cn-beijing&endpoint=e\n"
		if got := string(readRepoFile(t, filepath.Join(d.dir, ".env"))); got != want {
			t.Errorf(".env is\n%s\nwant\n%s", got, want)
		}
	}
	info, err := os.Stat(filepath.Join(d.dir, ".env"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf(".env: %v %v", info.Mode(), err)
	}
	if log := string(readRepoFile(t, d.log)); !strings.Contains(log, "-chdir=infra/alibaba apply region=cn-beijing prefix=\n") {
		t.Errorf("terraform was asked to\n%s", log)
	}
}

// TestPrepareFails: where Terraform fails, .env stays as it is and the way out is said.
func TestPrepareFails(t *testing.T) {
	t.Parallel()
	d := newPrepareDesk(t)
	d.write(t, ".env", "A=b\n")
	said, err := d.run(t, "alibaba", "ALICLOUD_PROFILE=default", "APPLY=1")
	if err == nil || !strings.Contains(said, "import ADDRESS ID") || !strings.Contains(said, "event_bridge_roles") {
		t.Errorf("%v %s", err, said)
	}
	if got := string(readRepoFile(t, filepath.Join(d.dir, ".env"))); got != "A=b\n" {
		t.Errorf(".env is %q", got)
	}
}

// TestPrepareOtherClouds: with the example's variables and a package the modules of AWS and Huawei Cloud are applied.
func TestPrepareOtherClouds(t *testing.T) {
	t.Parallel()
	d := newPrepareDesk(t)
	if err := os.Mkdir(filepath.Join(d.dir, "dist"), 0o755); err != nil {
		t.Fatal(err)
	}
	for cloud, c := range map[string]struct {
		zip         string
		environment []string
	}{
		"aws": {"lambda.zip", []string{"AWS_PROFILE=default"}}, "huawei": {"functiongraph.zip", []string{"HW_ACCESS_KEY=a", "HW_SECRET_KEY=b"}},
	} {
		d.write(t, "dist/"+c.zip, "zip")
		d.write(t, "infra/"+cloud+"/terraform.tfvars", string(readRepoFile(t, cloud+"/terraform.tfvars.example")))
		if said, err := d.run(t, cloud, c.environment...); err != nil {
			t.Errorf("%s: %v %s", cloud, err, said)
		}
		if log := string(readRepoFile(t, d.log)); !strings.Contains(log, "-chdir=infra/"+cloud+" init") || !strings.Contains(log, "-chdir=infra/"+cloud+" apply") {
			t.Errorf("%s: terraform was asked to %s", cloud, log)
		}
	}
	if _, err := os.Stat(filepath.Join(d.dir, ".env")); err == nil {
		t.Error(".env was written for a cloud that s does not deploy to")
	}
}
