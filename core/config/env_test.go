package config_test

import (
	"errors"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const sampleFile = `
jumpserver: {url: https://jms.example.com, access_key_id: 11111111-2222-3333-4444-555555555555, access_key_secret: jms-SECRET-1}
clouds:
  - {type: 阿里云, name: a, access_key_id: SECRET-a, access_key_secret: SECRET-b, regions: [r1]}
  - {type: aws, name: b, enabled: false, access_key_secret: "${NOT_SET}"}
sync: {whitelist: [10.0.0.1], removal: {grace: 1h}, no_delete: true}
`

// minimalEnv returns a complete configuration in variables.
func minimalEnv() map[string]string {
	return map[string]string{
		"JMS_SYNC_JUMPSERVER_URL":               "https://jms.example.com/",
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID":     "11111111-2222-3333-4444-555555555555",
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET": "jms-SECRET-1",
		"JMS_SYNC_CLOUDS_0_TYPE":                "阿里云",
		"JMS_SYNC_CLOUDS_0_NAME":                "prod",
		"JMS_SYNC_CLOUDS_0_REGIONS":             "cn-beijing, cn-hangzhou",
	}
}

// environList returns variables as os.Environ does.
func environList(env map[string]string) []string {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

func loadText(t *testing.T, text string, env map[string]string) (config.Config, error) {
	t.Helper()
	return config.Load(t.Context(), config.Source{Clouds: testClouds(), Env: environList(env), ReadFile: func(string) ([]byte, error) {
		if text == "" {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}})
}

func mustLoad(t *testing.T, text string, env map[string]string) config.Config {
	t.Helper()
	c, err := loadText(t, text, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVariablesAlone(t *testing.T) {
	t.Parallel()
	env := minimalEnv()
	env["JMS_SYNC_CLOUDS_1_TYPE"] = "aws"
	env["JMS_SYNC_CLOUDS_1_NAME"] = "second"
	env["PATH"] = "/bin"
	c := mustLoad(t, "", env)
	if c.JumpServer.URL != "https://jms.example.com" || c.JumpServer.AccessKeySecret.Reveal() != "jms-SECRET-1" {
		t.Errorf("jumpserver is %v", c.JumpServer)
	}
	if len(c.Clouds) != 2 || c.Clouds[0].Cloud != inventory.Alibaba || c.Clouds[0].Type != "阿里云" ||
		!slices.Equal(c.Clouds[0].Regions, []string{"cn-beijing", "cn-hangzhou"}) ||
		c.Clouds[1].Cloud != inventory.AWS || !c.Clouds[1].Enabled {
		t.Errorf("clouds are %v", c.Clouds)
	}
	if c.Sync.Guard != config.Default().Sync.Guard || c.Log != config.Default().Log {
		t.Error("defaults do not stand")
	}
}

func TestVariablesOverFile(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, sampleFile, map[string]string{
		"JMS_SYNC_CONFIG":                        "", // empty counts as unset
		"JMS_SYNC_STATE":                         "anything",
		"JMS_SYNC_NO_SUCH_THING":                 "", // a misspelt name
		"JMS_SYNC_JUMPSERVER_URL":                "",
		"JMS_SYNC_SYNC_PROTECTED_IPS":            " \t", // blank
		"JMS_SYNC_JUMPSERVER_VERIFY_SSL":         "no",
		"JMS_SYNC_CLOUDS_0_REGIONS":              "r2",
		"JMS_SYNC_CLOUDS_1_ENABLED":              "true",
		"JMS_SYNC_CLOUDS_1_ACCESS_KEY_ID":        "SECRET-c",
		"JMS_SYNC_CLOUDS_1_ACCESS_KEY_SECRET":    "SECRET-d",
		"JMS_SYNC_CLOUDS_2_TYPE":                 "Azure",
		"JMS_SYNC_CLOUDS_2_NAME":                 "third",
		"JMS_SYNC_SYNC_NO_DELETE":                "false",
		"JMS_SYNC_SYNC_WHITELIST":                "10.0.0.2,10.1.0.0/16",
		"JMS_SYNC_SYNC_REMOVAL_GRACE":            "2d",
		"JMS_SYNC_SYNC_GUARD_PERCENT":            "0",
		"JMS_SYNC_STALE_AFTER":                   "0",
		"JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED": "1",
		"JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=SECRET-e",
		"JMS_SYNC_LOG_LEVEL":                     "debug",
	})
	got := []any{
		c.JumpServer.URL, c.JumpServer.VerifySSL, c.Clouds[0].Regions[0], c.Clouds[0].Name, c.Clouds[1].Enabled,
		c.Clouds[1].AccessKeySecret.Reveal(), c.Clouds[2].Cloud, c.Clouds[2].Enabled, c.Sync.NoDelete,
		c.Sync.Whitelist[1].String(), len(c.Sync.Whitelist), c.Sync.Removal.Grace, c.Sync.Guard.Percent, c.StaleAfter,
		c.Notification.DingTalk.Enabled, c.Log.Level,
	}
	want := []any{
		"https://jms.example.com", false, "r2", "a", true,
		"SECRET-d", inventory.Cloud("azure"), true, false,
		"10.1.0.0/16", 2, 48 * time.Hour, 0, time.Duration(0),
		true, "DEBUG",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestBadVariables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"unknown":       {map[string]string{"JMS_SYNC_SYNC_NO_DELTE": "1"}, "JMS_SYNC_SYNC_NO_DELTE: 没有这个环境变量，是不是 JMS_SYNC_SYNC_NO_DELETE？"},
		"unknown far":   {map[string]string{"JMS_SYNC_QQQ": "1"}, "JMS_SYNC_QQQ: 没有这个环境变量"},
		"unknown cloud": {map[string]string{"JMS_SYNC_CLOUDS_1_NAMES": "x"}, "JMS_SYNC_CLOUDS_1_NAMES: 没有这个环境变量，是不是 JMS_SYNC_CLOUDS_1_NAME？"},
		"whole list":    {map[string]string{"JMS_SYNC_CLOUDS": "x"}, "JMS_SYNC_CLOUDS: 没有这个环境变量，是不是 JMS_SYNC_CLOUDS_0_TYPE？"},
		"group":         {map[string]string{"JMS_SYNC_": "x", "JMS_SYNC_SYNC_": "x"}, "JMS_SYNC_: 没有这个环境变量\nJMS_SYNC_SYNC_: 没有这个环境变量"},
		"leading zero":  {map[string]string{"JMS_SYNC_CLOUDS_00_NAME": "x"}, "JMS_SYNC_CLOUDS_00_NAME: 没有这个环境变量，是不是 JMS_SYNC_CLOUDS_0_NAME？"},
		"gap":           {map[string]string{"JMS_SYNC_CLOUDS_3_NAME": "x", "JMS_SYNC_CLOUDS_3_TYPE": "aws"}, "clouds[3]: 环境变量 JMS_SYNC_CLOUDS_3_… 跳过了编号，下一个账号的编号是 2"},
		"flag":          {map[string]string{"JMS_SYNC_SYNC_NO_DELETE": "maybe"}, "sync.no_delete: 应为 true 或 false（环境变量 JMS_SYNC_SYNC_NO_DELETE）"},
		"two": {map[string]string{"JMS_SYNC_CLOUDS_0_ENABLED": "x", "JMS_SYNC_SYNC_WRITERS": "y"},
			"sync.writers: 应为 1 到 64 的整数（环境变量 JMS_SYNC_SYNC_WRITERS）\nclouds[0].enabled: 应为 true 或 false（环境变量 JMS_SYNC_CLOUDS_0_ENABLED）"},
		"switch of one that is off": {map[string]string{"JMS_SYNC_CLOUDS_1_ENABLED": "perhaps"},
			"clouds[1].access_key_secret: 环境变量 NOT_SET 没有设置，也没有默认值（${名称:默认值}）（第 5 行）\nclouds[1].enabled: 应为 true 或 false（环境变量 JMS_SYNC_CLOUDS_1_ENABLED）"},
		"number": {map[string]string{"JMS_SYNC_SYNC_WRITERS": "65"}, "sync.writers: 应为 1 到 64 的整数（环境变量 JMS_SYNC_SYNC_WRITERS）"},
		"enum":   {map[string]string{"JMS_SYNC_LANGUAGE": "fr"}, "language: 应为 zh、en 之一（环境变量 JMS_SYNC_LANGUAGE）"},
		"empty item": {map[string]string{"JMS_SYNC_CLOUDS_0_REGIONS": "a,,b"},
			"clouds[0].regions[1]: 列表中有空项（环境变量 JMS_SYNC_CLOUDS_0_REGIONS）"},
		"only a comma": {map[string]string{"JMS_SYNC_SYNC_WHITELIST": ","}, "sync.whitelist[0]: 列表中有空项（环境变量 JMS_SYNC_SYNC_WHITELIST）\n" +
			"sync.whitelist[1]: 列表中有空项（环境变量 JMS_SYNC_SYNC_WHITELIST）"},
		"checked later": {map[string]string{"JMS_SYNC_JUMPSERVER_URL": "jms"}, "jumpserver.url: 应为 http:// 或 https:// 开头的地址（环境变量 JMS_SYNC_JUMPSERVER_URL）"},
		"switched on":   {map[string]string{"JMS_SYNC_CLOUDS_1_ENABLED": "on"}, "clouds[1].access_key_secret: 环境变量 NOT_SET 没有设置，也没有默认值（${名称:默认值}）（第 5 行）"},
		"english": {map[string]string{"JMS_SYNC_LANGUAGE": "en", "JMS_SYNC_STALE_AFTER": "x"},
			"stale_after: must be a duration such as 30s, 10m, 168h or 7d (environment variable JMS_SYNC_STALE_AFTER)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loadText(t, sampleFile, test.env)
			if err == nil || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

// channelEnv returns the variables of a channel that takes a setting; nothing for a setting of no channel.
func channelEnv(path string) map[string]string {
	key, is := strings.CutPrefix(path, "notification.channels[].")
	if !is {
		return nil
	}
	const prefix = "JMS_SYNC_NOTIFICATION_CHANNELS_0_"
	switch {
	case slices.Contains([]string{"server", "from", "to", "tls", "username", "password"}, key):
		return map[string]string{
			prefix + "TYPE": "email", prefix + "SERVER": "smtp.example.com:587", prefix + "FROM": "jms@example.com", prefix + "TO": "ops@example.com",
			prefix + "USERNAME": "jms", prefix + "PASSWORD": "p w",
		}
	case slices.Contains([]string{"url", "token"}, key):
		return map[string]string{prefix + "TYPE": "webhook", prefix + "URL": "https://hooks.example.com/jms"}
	}
	return map[string]string{prefix + "TYPE": "dingtalk", prefix + "WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=t"}
}

// consoleEnv returns the variables of a console that is used; nothing for a setting of another group.
func consoleEnv(path string) map[string]string {
	if !strings.HasPrefix(path, "console.") {
		return nil
	}
	const prefix = "JMS_SYNC_CONSOLE_"
	return map[string]string{
		prefix + "ENABLED": "true", prefix + "URL": "https://jms-sync.example.com", prefix + "APPROVERS": "anna@example.com",
		prefix + "COOKIE_KEY": strings.Repeat("k", 32), prefix + "LOGIN_ISSUER": "https://login.example.com", prefix + "LOGIN_CLIENT_ID": "jms",
		prefix + "LOGIN_CLIENT_SECRET": "word",
	}
}

// TestEverySettingHasItsVariable sets each setting by its variable alone and checks its value.
func TestEverySettingHasItsVariable(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings(testClouds()) {
		variable := strings.Replace(s.Env, "<n>", "0", 1)
		path := strings.ToUpper(strings.ReplaceAll(strings.Replace(s.Path, "[]", "_0", 1), ".", "_"))
		if variable != "JMS_SYNC_"+path {
			t.Errorf("%s has the variable %s", s.Path, s.Env)
		}
		env := minimalEnv()
		maps.Copy(env, channelEnv(s.Path))
		maps.Copy(env, consoleEnv(s.Path))
		env[variable] = " \n," // wrong for every type, or a text that shows it
		_, err := loadText(t, "", env)
		var bad *config.Error
		if errors.As(err, &bad) {
			if got := bad.Mistakes[0].Env; got != variable {
				t.Errorf("%s: the mistake is blamed on %q: %v", variable, got, err)
			}
			continue
		}
		if err != nil || !slices.Contains([]string{
			"log.file", "notification.dingtalk.webhook", "notification.dingtalk.secret", "notification.channels[].password",
		}, s.Path) {
			t.Errorf("%s: no mistake for nonsense (%v)", variable, err)
		}
	}
}

// TestNothingLeavesTheDefault: keys without a value, and empty texts, are ignored.
func TestNothingLeavesTheDefault(t *testing.T) {
	t.Parallel()
	const nothing = `
environment:
language: ""
timezone: ~
timeout: {connect: , request: ""}
clouds:
jumpserver: {org_id: "", verify_ssl: ""}
sync: {whitelist: , protected_ips: "", guard: ~, writers: ""}
log: {file: , level: null}
`
	got, want := mustLoad(t, nothing, minimalEnv()), mustLoad(t, "", minimalEnv())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestLoggerVariables: the variables of the Python tool's logger count where neither the file nor a variable of ours says
// anything; what they do not mean for us is left alone, as other programs have variables of these names.
func TestLoggerVariables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		env   map[string]string
		level string
		isSet bool
		log   config.Log
	}{
		"all": {"", map[string]string{"LOG_LEVEL": "debug", "LOG_FILE": "/var/log/x.log", "JSON_LOGS": "True", "DETAILED_LOGS": "1"}, "DEBUG", true,
			config.Log{File: "/var/log/x.log", JSONFormat: true, Detailed: true}},
		"the file comes first": {"log: {level: ERROR, file: a.log, json_format: false}\n", map[string]string{"LOG_LEVEL": "DEBUG", "LOG_FILE": "b.log", "JSON_LOGS": "true"}, "ERROR", true,
			config.Log{File: "a.log"}},
		"so does our variable": {"", map[string]string{"LOG_LEVEL": "DEBUG", "JMS_SYNC_LOG_LEVEL": "WARNING"}, "WARNING", true, config.Log{File: "logs/jms-sync.log"}},
		"of another program":   {"", map[string]string{"LOG_LEVEL": "trace", "JSON_LOGS": "ecs", "LOG_FILE": " "}, "INFO", false, config.Log{File: "logs/jms-sync.log"}},
	} {
		got := mustLoad(t, sampleFile+c.file, c.env).Log
		if got.Level != c.level || got.LevelIsSet != c.isSet || got.File != c.log.File || got.JSONFormat != c.log.JSONFormat || got.Detailed != c.log.Detailed {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := config.FromEnvironment([]string{"LOG_LEVEL=ERROR"}).Log; got.Level != "ERROR" || !got.LevelIsSet {
		t.Errorf("without a file: %+v", got)
	}
}

// TestEndpointVariables: addresses of services as a variable, in place of those of the file.
func TestEndpointVariables(t *testing.T) {
	t.Parallel()
	const file = sampleFile + "\n"
	got := mustLoad(t, file, map[string]string{"JMS_SYNC_CLOUDS_0_ENDPOINTS": "ecs=https://ecs.example.com/, sts=http://sts.example.com:81", "JMS_SYNC_CLOUDS_0_REGIONS": "all"}).Clouds[0]
	if got.Endpoints["ecs"] != "https://ecs.example.com" || got.Endpoints["sts"] != "http://sts.example.com:81" || len(got.Endpoints) != 2 || len(got.Regions) > 0 {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"https://ecs.example.com":     "JMS_SYNC_CLOUDS_0_ENDPOINTS",
		"ec2=https://ecs.example.com": "clouds[0].endpoints.ec2",
		"ecs=ftp://ecs.example.com":   "clouds[0].endpoints.ecs",
		"ecs=$ECS":                    "${NAME}",
	} {
		_, err := loadText(t, "language: en\n"+file, map[string]string{"JMS_SYNC_CLOUDS_0_ENDPOINTS": text})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "JMS_SYNC_CLOUDS_0_ENDPOINTS") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
