package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// quickStart is the configuration of docs/quickstart.md, which names four variables.
const quickStart = `
jumpserver: {url: "https://jms.example.com", access_key_id: "${JMS_KEY_ID}", access_key_secret: "${JMS_KEY_SECRET}"}
clouds:
  - {type: 阿里云, name: aliyun-prod, access_key_id: "${ALIYUN_KEY_ID}", access_key_secret: "${ALIYUN_KEY_SECRET}", regions: [cn-hangzhou]}
`

// deployDesk returns a desk in a folder with this repository's s.yaml, which passes these variables beside its own, and
// a .env.
func deployDesk(t *testing.T, dotenv string, names ...string) (d *desk, file string) {
	t.Helper()
	d = &desk{Services: &functiontest.Services{T: t}, dir: t.TempDir()}
	text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	with, err := withVariables(string(text), names, language.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	d.saveFile(".env", dotenv)
	return d, d.saveFile("s.yaml", with)
}

const (
	quickVariables = "JMS_KEY_ID JMS_KEY_SECRET ALIYUN_KEY_ID ALIYUN_KEY_SECRET"
	quickDotEnv    = "JMS_KEY_ID=11111111-2222-4333-8444-555555555555\nJMS_KEY_SECRET='abcdefabcdef'\n# a comment\nexport ALIYUN_KEY_ID=\"LTAI1\"\nALIYUN_KEY_SECRET=cloudword\n"
	quickConfigRef = "JMS_SYNC_CONFIG=oss://my-config-bucket/config.yaml?region=cn-hangzhou\nJMS_SYNC_STATE=oss://my-state-bucket/jms-sync\n"
)

// TestDoctorDeploy: a configuration that the functions could not read is refused before it is deployed.
func TestDoctorDeploy(t *testing.T) {
	t.Parallel()
	all := strings.Fields(quickVariables)
	for name, c := range map[string]struct {
		names  []string
		dotenv string
		config string
		code   int
		says   []string
	}{
		"the quick start as it was": {nil, quickConfigRef, quickStart, exitPartial, []string{
			"函数 timer：不传配置用到的变量：ALIYUN_KEY_ID, ALIYUN_KEY_SECRET, JMS_KEY_ID, JMS_KEY_SECRET", "函数 event：不传", "ALIYUN_KEY_ID: ${env('ALIYUN_KEY_ID')}"}},
		"one is missing":  {all[1:], quickConfigRef + quickDotEnv, quickStart, exitPartial, []string{"函数 timer：不传配置用到的变量：JMS_KEY_ID\n"}},
		"without a value": {all, quickConfigRef + "JMS_KEY_ID=\n", quickStart, exitPartial, []string{"函数 timer：这些变量没有值：ALIYUN_KEY_ID, ALIYUN_KEY_SECRET, JMS_KEY_ID, JMS_KEY_SECRET"}},
		"all is well":     {all, quickConfigRef + quickDotEnv, quickStart, exitDone, []string{"✓ 函数 event：能读取配置；传给它的变量：ALIYUN_KEY_ID, ", "0 项失败"}},
		"a value is no key": {all, quickConfigRef + strings.Replace(quickDotEnv, "11111111-", "x", 1), quickStart, exitPartial,
			[]string{"用它得到的变量读不了配置", "jumpserver.access_key_id"}},
		"a default":            {nil, quickConfigRef, strings.NewReplacer("${JMS_KEY_ID}", "${JMS_KEY_ID:11111111-2222-4333-8444-555555555555}", "${JMS_KEY_SECRET}", "abcdefabcdef", "${ALIYUN_KEY_ID}", "LTAI1", "${ALIYUN_KEY_SECRET}", "word").Replace(quickStart), exitDone, []string{"0 项失败"}},
		"no YAML":              {all, quickConfigRef + quickDotEnv, "jumpserver: [", exitPartial, []string{"用它得到的变量读不了配置", "YAML"}},
		"no file, no settings": {nil, "JMS_SYNC_STATE=x\n", quickStart, exitPartial, []string{"没有文件，全部来自环境变量", "jumpserver.url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, file := deployDesk(t, c.dotenv, c.names...)
			d.runRaw(t.Context(), c.code, "-c", d.saveFile("config.yaml", c.config), "doctor", "--deploy="+file)
			for _, text := range c.says {
				if !strings.Contains(d.stdout.String(), text) {
					t.Errorf("it does not say %q:\n%s", text, &d.stdout)
				}
			}
			for _, hidden := range []string{"abcdefabcdef", "cloudword"} {
				if strings.Contains(d.stdout.String(), hidden) {
					t.Errorf("a secret is printed:\n%s", &d.stdout)
				}
			}
		})
	}
}

// TestDoctorDeployUnread: a configuration that this machine cannot read is reported, and stops no deployment.
func TestDoctorDeployUnread(t *testing.T) {
	t.Parallel()
	d, file := deployDesk(t, quickConfigRef)
	d.runRaw(t.Context(), exitDone, "-c", filepath.Join(d.dir, "none.yaml"), "doctor", "--deploy="+file)
	d.wantPrinted("读不了，不知道它用到哪些变量", "3 项警告，0 项失败")
}

// TestDoctorDeployByVariables: all settings are variables that s.yaml passes.
func TestDoctorDeployByVariables(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"JMS_SYNC_JUMPSERVER_URL": "https://jms.example.com", "JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID": "11111111-2222-4333-8444-555555555555",
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET": "abcdefabcdef", "JMS_SYNC_CLOUDS_0_TYPE": "aliyun", "JMS_SYNC_CLOUDS_0_NAME": "prod",
	}
	var names []string
	dotenv := "JMS_SYNC_STATE=oss://my-state-bucket/jms-sync\n"
	for name, value := range values {
		names = append(names, name)
		dotenv += name + "=" + value + "\n"
	}
	d, file := deployDesk(t, dotenv, names...)
	d.runRaw(t.Context(), exitDone, "doctor", "--deploy="+file)
	d.wantPrinted("没有文件，全部来自环境变量", "0 项失败")
}

// TestDoctorDeployWithoutAFile: what cannot be checked is refused.
func TestDoctorDeployWithoutAFile(t *testing.T) {
	t.Parallel()
	d := &desk{Services: &functiontest.Services{T: t}, dir: t.TempDir()}
	d.runRaw(t.Context(), exitPartial, "doctor", "--deploy="+filepath.Join(d.dir, "s.yaml"))
	d.wantPrinted("读不了")
	d.runRaw(t.Context(), exitPartial, "doctor", "--deploy="+d.saveFile("s.yaml", "resources: {}\n"))
	d.wantPrinted("没有 fc3 的函数")
}
