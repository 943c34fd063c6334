package infra

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// terraformDesk is Terraform with a stand-in of the provider of a module, which knows the module's schema.json
// (infra/schemas/standin), and a copy of the module.
type terraformDesk struct{ program, dir, configuration string }

func newTerraformDesk(t *testing.T, module, provider string) terraformDesk {
	t.Helper()
	program, standin := os.Getenv("JMS_SYNC_TEST_TERRAFORM"), os.Getenv("JMS_SYNC_TEST_STANDIN")
	if program == "" || standin == "" {
		t.Skip("JMS_SYNC_TEST_TERRAFORM and JMS_SYNC_TEST_STANDIN name no programs: make test-terraform builds the second and runs this")
	}
	d := terraformDesk{program: program, dir: t.TempDir()}
	plugins := t.TempDir()
	d.configuration = filepath.Join(plugins, "configuration")
	_, name, _ := strings.Cut(provider, "/")
	text, err := os.ReadFile(standin)
	if err == nil {
		err = os.WriteFile(filepath.Join(plugins, "terraform-provider-"+name), text, 0o755)
	}
	if err == nil {
		err = os.WriteFile(d.configuration, fmt.Appendf(nil, "provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", provider, plugins), 0o600)
	}
	if err == nil {
		err = os.CopyFS(d.dir, os.DirFS(module))
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d terraformDesk) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.program, append(args, "-no-color")...)
	cmd.Dir = d.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TF_CLI_CONFIG_FILE=" + d.configuration, "CHECKPOINT_DISABLE=1",
		"SCHEMA=" + filepath.Join(d.dir, "schema.json"), "HTTPS_PROXY=http://127.0.0.1:9",
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestTerraformItself: Terraform takes every module, and applies it to a provider that pretends, as tests/*.tftest.hcl say;
// a module with a mistake is refused.
func TestTerraformItself(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleNames() {
		source, _ := loadModule(t, dir).provider(t)
		d := newTerraformDesk(t, dir, source)
		for _, command := range []string{"validate", "test"} {
			if said, err := d.run(t, command); err != nil || !strings.Contains(said, "Success!") || strings.Contains(said, "deprecated") {
				t.Errorf("%s: terraform %s: %v\n%s", dir, command, err, said)
			}
		}
		file := filepath.Join(d.dir, "main.tf")
		text := strings.Replace(string(readRepoFile(t, file)), `= "${var.prefix}-`, `= "${var.prefixes}-`, 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := d.run(t, "validate"); err == nil || !strings.Contains(said, "prefixes") {
			t.Errorf("%s: a variable that is not declared is taken: %s", dir, said)
		}
	}
}

// TestOurCheckerIsAsStrict: what terraform validate refuses, TestProviders refuses too, where no Terraform is there. Providers
// themselves refuse more, such as what can only be read: see TestProvidersBite.
func TestOurCheckerIsAsStrict(t *testing.T) {
	t.Parallel()
	mistakes := map[string][3]string{
		"no such attribute":  {"huawei/main.tf", "  ttl_in_days = 180", "  ttl_in_day = 180"},
		"no such block":      {"huawei/main.tf", "    noncurrent_version_expiration {", "    noncurrent_expiration {"},
		"lacks what it must": {"aws/functions.tf", "resource \"aws_cloudwatch_event_target\" \"event\" {\n  rule = aws_cloudwatch_event_rule.event.name\n", "resource \"aws_cloudwatch_event_target\" \"event\" {\n"},
		"wrong type":         {"aws/functions.tf", "timeout                        = 300", "timeout                        = [300]"},
		"no such reference":  {"aws/main.tf", "value       = aws_iam_role.function.arn", "value       = aws_iam_role.function.urn"},
	}
	for _, name := range slices.Sorted(maps.Keys(mistakes)) {
		mistake := mistakes[name]
		dir, file := filepath.Split(mistake[0])
		dir = filepath.Clean(dir)
		source, _ := loadModule(t, dir).provider(t)
		d := newTerraformDesk(t, dir, source)
		text := string(readRepoFile(t, mistake[0]))
		if !strings.Contains(text, mistake[1]) {
			t.Errorf("%s: %s does not hold %q", name, mistake[0], mistake[1])
			continue
		}
		if err := os.WriteFile(filepath.Join(d.dir, file), []byte(strings.Replace(text, mistake[1], mistake[2], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := d.run(t, "validate")
		if err == nil {
			t.Errorf("%s: Terraform takes it: %s", name, said)
		}
		if problems := checkModule(parseModule(t, d.dir), loadProviderSchema(t, dir)); len(problems) == 0 {
			t.Errorf("%s: our checker takes what Terraform refuses:\n%s", name, said)
		}
	}
}
