package infra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/storage"
)

// account is the id of the deploying key's account.
const account = "1690700000000030"

// givenVariables returns the variables without a default, as long as they may be.
func givenVariables() map[string]string {
	bucket := strings.Repeat("b", 63)
	return map[string]string{
		"JMS_SYNC_CONFIG": "oss://" + bucket + "/" + strings.Repeat("k", 900) + "?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com",
		"JMS_SYNC_STATE":  "oss://" + bucket + "/" + strings.Repeat("p", 900) + "?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com",
	}
}

// sYAML is s.yaml. A field that is not here is a mistake, so that none is misspelt.
type sYAML struct {
	Edition, Name, Access string
	Vars                  map[string]string
	Actions               map[string][]map[string]string
	Resources             map[string]struct {
		Component string
		Props     props
	}
}

type props struct {
	Region, Description, Runtime, Handler, Code, Role string
	FunctionName                                      string            `yaml:"functionName"`
	Timeout                                           int               `yaml:"timeout"`
	MemorySize                                        int               `yaml:"memorySize"`
	DiskSize                                          int               `yaml:"diskSize"`
	CPU                                               float64           `yaml:"cpu"`
	InternetAccess                                    bool              `yaml:"internetAccess"`
	Environment                                       map[string]string `yaml:"environmentVariables"`
	Log                                               struct {
		Project, Logstore string
		RequestMetrics    bool   `yaml:"enableRequestMetrics"`
		InstanceMetrics   bool   `yaml:"enableInstanceMetrics"`
		BeginRule         string `yaml:"logBeginRule"`
	} `yaml:"logConfig"`
	Concurrency struct {
		Reserved int `yaml:"reservedConcurrency"`
	} `yaml:"concurrencyConfig"`
	Lifecycle struct {
		PreStop struct {
			Handler string
			Timeout int
		} `yaml:"preStop"`
	} `yaml:"instanceLifecycleConfig"`
	Async struct {
		Retries     int `yaml:"maxAsyncRetryAttempts"`
		Age         int `yaml:"maxAsyncEventAgeInSeconds"`
		Destination struct {
			OnFailure struct{ Destination string } `yaml:"onFailure"`
		} `yaml:"destinationConfig"`
	} `yaml:"asyncInvokeConfig"`
	Triggers []trigger
}

type trigger struct {
	Name      string    `yaml:"triggerName"`
	Type      string    `yaml:"triggerType"`
	Qualifier string    `yaml:"qualifier"`
	Config    yaml.Node `yaml:"triggerConfig"`
}

// renderServerless returns s.yaml as s renders it, by name of the resource.
func renderServerless(t testing.TB) sYAML {
	t.Helper()
	text := renderVariables(t, readRepoFile(t, root+"/s.yaml"), givenVariables())
	var s sYAML
	decodeStrictYAML(t, text, &s)
	return s
}

func decodeStrictYAML(t testing.TB, text []byte, into any) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

var (
	envCall  = regexp.MustCompile(`\$\{env\('([A-Z_]+)'(?:, '([^']*)')?\)\}`)
	varsCall = regexp.MustCompile(`\$\{vars\.([a-z]+)\}`)
)

// renderVariables replaces ${env()}, ${config('AccountID')} and ${vars.x} as s does, as far as this file uses them;
// TestServerlessDevs compares the result with that of s.
func renderVariables(t testing.TB, text []byte, environ map[string]string) []byte {
	t.Helper()
	out := envCall.ReplaceAllStringFunc(string(text), func(call string) string {
		m := envCall.FindStringSubmatch(call)
		if value, set := environ[m[1]]; set {
			return value
		}
		if !strings.Contains(call, ",") {
			t.Errorf("%s is neither set nor has a default", m[1])
		}
		return m[2]
	})
	out = strings.ReplaceAll(out, "${config('AccountID')}", account)
	var vars struct{ Vars map[string]string }
	if err := yaml.Unmarshal([]byte(out), &vars); err != nil {
		t.Fatal(err)
	}
	out = varsCall.ReplaceAllStringFunc(out, func(call string) string {
		value, defined := vars.Vars[varsCall.FindStringSubmatch(call)[1]]
		if !defined {
			t.Errorf("%s: no such variable", call)
		}
		return value
	})
	if strings.Contains(out, "${") {
		t.Errorf("this is left: %s", out[strings.Index(out, "${"):])
	}
	return []byte(out)
}

// TestSchema validates each function with fc3's own schema, and proves that the schema bites.
func TestSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile(schemaFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Resources map[string]struct{ Props map[string]any }
	}
	if err := yaml.Unmarshal(renderVariables(t, readRepoFile(t, root+"/s.yaml"), givenVariables()), &s); err != nil {
		t.Fatal(err)
	}
	for name, r := range s.Resources {
		if err := schema.Validate(toJSONTypes(t, r.Props)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for field, value := range map[string]any{"timeout": "300", "memorySize": 100, "runtime": "go2", "region": "cn-nowhere"} {
			spoiled := toJSONTypes(t, r.Props).(map[string]any)
			spoiled[field] = value
			if err := schema.Validate(spoiled); err == nil {
				t.Errorf("%s: the schema lets %s: %v pass", name, field, value)
			}
		}
	}
	if len(s.Resources) != 2 {
		t.Errorf("%d functions", len(s.Resources))
	}
}

// toJSONTypes returns a value with the types that the schema's validator expects.
func toJSONTypes(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFunctions checks what no schema knows: that platform, program and configuration fit.
func TestFunctions(t *testing.T) {
	t.Parallel()
	s := renderServerless(t)
	programs := makefileFunctions(t)
	for name, r := range s.Resources {
		p := r.Props
		if r.Component != "fc3" || p.Runtime != "go1" || p.Handler != "bootstrap" {
			t.Errorf("%s: %s %s %s", name, r.Component, p.Runtime, p.Handler)
		}
		if program := strings.TrimSuffix(p.Code, ".zip") + "/" + p.Handler; !slices.Contains(programs, program) {
			t.Errorf("%s: its code is %s, but make makes %v", name, p.Code, programs)
		} else if _, err := os.Stat(root + "/functions/" + strings.Split(program, "/")[1] + "/main.go"); err != nil {
			t.Error(err)
		}
		if strings.ToLower(p.Role) != p.Role || !strings.HasPrefix(p.Role, "acs:ram::"+account+":role/") {
			t.Errorf("%s: role %s", name, p.Role)
		}
		if ratio := float64(p.MemorySize) / 1024 / p.CPU; ratio < 1 || ratio > 4 || p.MemorySize%64 != 0 {
			t.Errorf("%s: %d MB for %g CPU", name, p.MemorySize, p.CPU)
		}
		if p.Log.Project == "" || p.Log.Logstore == "" || !p.InternetAccess || p.FunctionName == "" || p.Description == "" {
			t.Errorf("%s: %+v", name, p)
		}
		if want := fmt.Sprintf("acs:mns:%s:%s:/topics/%s-failures/messages", p.Region, account, s.Vars["prefix"]); p.Async.Destination.OnFailure.Destination != want {
			t.Errorf("%s: what fails goes to %q, not to %s", name, p.Async.Destination.OnFailure.Destination, want)
		}
		checkEnvironment(t, name, p.Environment)
	}
	checkTimes(t, s.Resources["timer"].Props, s.Resources["event"].Props)
}

// checkTimes compares time limits with each other and with the defaults of the configuration.
func checkTimes(t *testing.T, timer, event props) {
	t.Helper()
	defaults := config.Default()
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	const period = 300 // of the trigger, see TestTimerTrigger
	if timer.Timeout > period || timer.Timeout < 60 {
		t.Errorf("timer: %d s are longer than its period, or too short for a run", timer.Timeout)
	}
	if timer.Async.Age != seconds(defaults.StaleAfter) {
		t.Errorf("timer: the platform keeps ticks for %d s, the function takes none older than %s", timer.Async.Age, defaults.StaleAfter)
	}
	if timer.Async.Retries != 1 || timer.Concurrency.Reserved != 1 || event.Async.Retries != 3 || event.Concurrency.Reserved != 0 {
		t.Errorf("retries %d and %d, concurrency %d and %d", timer.Async.Retries, event.Async.Retries, timer.Concurrency.Reserved, event.Concurrency.Reserved)
	}
	if event.Async.Age > seconds(defaults.Sync.FullEvery) || event.Async.Age < timer.Timeout {
		t.Errorf("event: %d s; a full reconcile is made every %s", event.Async.Age, defaults.Sync.FullEvery)
	}
	// An event waits 2 + 4 + 8 + … s for the cloud, and the function reserves 20 s for notification.
	if event.Timeout < 60 || event.Timeout > timer.Timeout {
		t.Errorf("event: %d s", event.Timeout)
	}
	if stop := event.Lifecycle.PreStop; stop.Handler == "" || stop.Timeout > 90 || stop.Timeout < seconds(defaults.Timeout.Request) {
		t.Errorf("event: preStop %+v", stop)
	}
}

// maxEnvironmentBytes is what Function Compute accepts, all names and values together:
// https://www.alibabacloud.com/help/en/functioncompute/user-guide/environment-variables
const maxEnvironmentBytes = 4096

// checkEnvironment: the program reads every variable, none is a secret, and they fit with the longest possible names of
// buckets and objects.
func checkEnvironment(t *testing.T, name string, variables map[string]string) {
	t.Helper()
	size := 0
	for key, value := range variables {
		size += len(key) + len(value)
		known := key == config.EnvConfig || key == config.EnvState
		for _, setting := range config.Settings(nil) {
			if setting.Env == key {
				known = true
				if strings.Contains(setting.Type, "保密") {
					t.Errorf("%s: %s is a secret, which belongs into the configuration", name, key)
				}
			}
		}
		if !known {
			t.Errorf("%s: no setting has the variable %s", name, key)
		}
		if known && (key == config.EnvConfig || key == config.EnvState) {
			if _, err := storage.ParseRef(value); err != nil {
				t.Errorf("%s: %s: %v", name, key, err)
			}
		}
	}
	if variables[config.EnvConfig] == "" || variables[config.EnvState] == "" {
		t.Errorf("%s: configuration or state is missing: %v", name, variables)
	}
	if size > maxEnvironmentBytes {
		t.Errorf("%s: %d bytes of variables", name, size)
	}
}

// makefileFunctions returns the programs that make package packs.
func makefileFunctions(t *testing.T) []string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^FUNCTIONS := (.*)$`).FindSubmatch(readRepoFile(t, root+"/Makefile"))
	if m == nil {
		t.Fatal("the Makefile has no FUNCTIONS")
	}
	return strings.Fields(string(m[1]))
}

// TestRequiredVariables: what must be set has no default; everything else has one, so that `s deploy` asks for one value
// only. Without JMS_SYNC_CONFIG variables hold all settings; doctor --deploy refuses what cannot be read then.
func TestRequiredVariables(t *testing.T) {
	t.Parallel()
	var required []string
	for _, m := range envCall.FindAllStringSubmatch(string(readRepoFile(t, root+"/s.yaml")), -1) {
		if !strings.Contains(m[0], ",") {
			required = append(required, m[1])
		}
	}
	if slices.Sort(required); !slices.Equal(required, []string{config.EnvState}) {
		t.Errorf("without a default: %v", required)
	}
}
