package walk

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// cloudThings is what the reader has made in the cloud, and on the own machine for it.
type cloudThings struct {
	initialised map[string]bool   // folders in which terraform init was called
	role        bool              // and buckets, log project and topic
	access      map[string]string // of Serverless Devs: the account's id by the name of the key
	deployed    map[string]map[string]string
}

// runNPM installs Serverless Devs, in the version of the Makefile, and nothing else.
func (w *world) runNPM(c call) answer {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		w.Error(err)
	}
	version := regexp.MustCompile(`(?m)^SERVERLESS := (\S+)$`).FindSubmatch(makefile)
	if version == nil || strings.Join(c.Args, " ") != "install -g @serverless-devs/s@"+string(version[1]) {
		return w.refuse(c, "not the version that the Makefile has")
	}
	w.install("s", w.runS)
	return answer{Out: "added 1 package in 1s\n"}
}

// hasDeployKey reports whether the shell that called has the key that deploys, under these names.
func (c call) hasDeployKey(id, secret string) bool {
	return c.variable(id) == deployID && c.variable(secret) == deploySecret
}

var (
	terraformLine   = regexp.MustCompile(`^-chdir=(\S+) (init -input=false|apply|output -raw (\w+))$`)
	terraformOutput = regexp.MustCompile(`(?m)^output "(\w+)"`)
)

// runTerraform takes init, apply and output of a module of this repository, in this order, with the keys of its provider.
func (w *world) runTerraform(c call) answer {
	line := strings.Join(c.Args, " ")
	m := terraformLine.FindStringSubmatch(line)
	if line == "version" {
		return answer{Out: "Terraform v1.11.4\n"}
	}
	if m == nil {
		return w.refuse(c, "the walk does not know this command")
	}
	folder := filepath.Join(c.Dir, m[1])
	files, _ := filepath.Glob(filepath.Join(folder, "*.tf"))
	module := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			w.Error(err)
		}
		module += string(text) + "\n"
	}
	switch {
	case len(files) == 0:
		return w.refuse(c, "Terraform initialized in an empty directory!")
	case m[2] == "init -input=false":
		w.cloud.initialised[folder] = true
		return answer{Out: "Terraform has been successfully initialized!\n"}
	case !w.cloud.initialised[folder]:
		return w.refuse(c, "Error: Inconsistent dependency lock file: run terraform init")
	case m[2] == "apply" && !c.hasDeployKey("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"):
		return w.refuse(c, "Error: no valid credential sources for Alicloud")
	case m[2] == "apply" && strings.TrimSpace(c.In) != "yes":
		return w.refuse(c, "Apply cancelled.")
	case m[2] == "apply":
		return w.applyModule(c, module)
	case !w.cloud.role:
		return w.refuse(c, "Warning: No outputs found")
	}
	if !strings.Contains(module, "output \""+m[3]+"\"") || m[3] != "environment" {
		return w.refuse(c, "Error: Output \""+m[3]+"\" not found")
	}
	const region, query = "cn-hangzhou", "?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com"
	return answer{Out: fmt.Sprintf("DEPLOY_REGION=%s\nDEPLOY_PREFIX=jms-sync\nJMS_SYNC_CONFIG=oss://%s/config.yaml%s\nJMS_SYNC_STATE=oss://%s/jms-sync%s",
		region, w.bucketName("config"), query, w.bucketName("state"), query)}
}

func (w *world) bucketName(of string) string { return "jms-sync-" + of + "-" + accountID }

// applyModule makes what the module makes, if each of its variables has a value.
func (w *world) applyModule(c call, module string) answer {
	for _, m := range regexp.MustCompile(`(?ms)^variable "(\w+)" \{\n(.*?)^\}`).FindAllStringSubmatch(module, -1) {
		if c.variable("TF_VAR_"+m[1]) == "" && !regexp.MustCompile(`(?m)^  default `).MatchString(m[2]) {
			return w.refuse(c, "Error: No value for required variable "+m[1])
		}
	}
	for _, kind := range []string{"config", "state"} {
		if !strings.Contains(module, `"${var.prefix}-`+kind+`-${local.account}"`) {
			w.Errorf("the module names its bucket of %s otherwise than this stand-in", kind)
		}
		if w.buckets[w.bucketName(kind)] == nil {
			w.buckets[w.bucketName(kind)] = storagetest.NewNamedServer(w, storagetest.OSS, w.bucketName(kind))
		}
	}
	w.cloud.role = true
	outputs := ""
	for _, m := range terraformOutput.FindAllStringSubmatch(module, -1) {
		outputs += m[1] + " = …\n"
	}
	return answer{Out: "Apply complete!\n\nOutputs:\n\n" + outputs}
}

var uploadLine = regexp.MustCompile(`^cp(?: -f)? (\S+) oss://([a-z0-9-]+)/(\S+)$`)

// runOSSUtil uploads a file, with the key and region in the variables that it knows.
func (w *world) runOSSUtil(c call) answer {
	m := uploadLine.FindStringSubmatch(strings.Join(c.Args, " "))
	switch {
	case m == nil:
		return w.refuse(c, "the walk does not know this command")
	case !c.hasDeployKey("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET") || c.variable("OSS_REGION") != "cn-hangzhou":
		return w.refuse(c, "access key id, secret or region is missing")
	case w.buckets[m[2]] == nil:
		return w.refuse(c, "NoSuchBucket")
	}
	text, err := os.ReadFile(filepath.Join(c.Dir, m[1]))
	if err != nil {
		return w.refuse(c, err.Error())
	}
	w.buckets[m[2]].SetObject(m[3], text)
	return answer{Out: "Success: 1\n"}
}

// runS is Serverless Devs: it deploys nothing without a key under the name that s.yaml has, without the variables, the packages, or the role.
func (w *world) runS(c call) answer {
	line := strings.Join(c.Args, " ")
	if rest, is := strings.CutPrefix(line, "config add "); is {
		return w.addAccess(c, rest)
	}
	text, err := os.ReadFile(filepath.Join(c.Dir, "s.yaml"))
	if err != nil {
		return w.refuse(c, "no s.yaml here")
	}
	var file struct {
		Access  string
		Actions map[string][]struct{ Run, Path string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return w.refuse(c, err.Error())
	}
	variables := w.dotEnv(c)
	for _, m := range regexp.MustCompile(`\$\{env\('(\w+)'\)\}`).FindAllStringSubmatch(string(text), -1) {
		if variables(m[1]) == "" {
			return w.refuse(c, "env "+m[1]+" not found")
		}
	}
	called := invokeLine.FindStringSubmatch(line)
	switch {
	case w.cloud.access[file.Access] == "":
		return w.refuse(c, "Not found access: "+file.Access+", please run s config add")
	case line == "verify":
		return answer{Out: "s.yaml is valid\n"}
	case line == "remove":
		w.cloud.deployed = nil
		return answer{Out: "removed\n"}
	case called != nil:
		return w.invoke(c, called[1], called[2])
	case line != "deploy":
		return w.refuse(c, "the walk does not know this command")
	}
	return w.deploy(c, file.Actions["pre-deploy"][0].Run, string(text), variables)
}

var accessLine = regexp.MustCompile(`^--AccountID (\S+) --AccessKeyID (\S+) --AccessKeySecret (\S+) -a (\S+)(?: -f)?$`)

func (w *world) addAccess(c call, rest string) answer {
	m := accessLine.FindStringSubmatch(rest)
	if m == nil || m[1] != accountID || m[2] != deployID || m[3] != deploySecret {
		return w.refuse(c, "not the account and the key that deploy")
	}
	w.cloud.access[m[4]] = m[1]
	return answer{Out: "Alias: " + m[4] + "\n"}
}

// dotEnv returns how s looks a variable up: in the shell, then in the file .env.
func (w *world) dotEnv(c call) func(string) string {
	text, _ := os.ReadFile(filepath.Join(c.Dir, ".env"))
	return func(name string) string {
		if value := c.variable(name); value != "" {
			return value
		}
		for line := range strings.Lines(string(text)) {
			if value, is := strings.CutPrefix(strings.TrimSpace(line), name+"="); is {
				return strings.Trim(value, `'"`)
			}
		}
		return ""
	}
}

// deploy runs what comes before, checks the packages, and remembers the functions with their variables.
func (w *world) deploy(c call, prepare, text string, variables func(string) string) answer {
	prepare = regexp.MustCompile(`^\$\{env\('(\w+)', '(.*)'\)\}$`).ReplaceAllStringFunc(prepare, func(s string) string {
		m := regexp.MustCompile(`'(\w+)', '(.*)'`).FindStringSubmatch(s)
		if value := variables(m[1]); value != "" {
			return value
		}
		return m[2]
	})
	cmd := exec.CommandContext(w.Context(), "sh", "-c", prepare)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return w.refuse(c, string(out)+err.Error())
	}
	if !w.cloud.role {
		return w.refuse(c, "the role of the functions does not exist")
	}
	deployed := map[string]map[string]string{}
	for _, m := range regexp.MustCompile(`code: (dist/fc-(\w+)\.zip)`).FindAllStringSubmatch(text, -1) {
		archive, err := zip.OpenReader(filepath.Join(c.Dir, m[1]))
		if err != nil || len(archive.File) != 1 || archive.File[0].Name != "bootstrap" {
			return w.refuse(c, "not a package of one program: "+m[1])
		}
		_ = archive.Close()
		deployed[m[2]] = map[string]string{}
	}
	block := regexp.MustCompile(`(?ms)^      environmentVariables: &environment\n((?:        \S.*\n)+)`).FindStringSubmatch(text)
	if block == nil || len(deployed) != 2 {
		return w.refuse(c, "s.yaml has no variables or not two functions")
	}
	for _, m := range regexp.MustCompile(`(?m)^        (\w+): \$\{env\('(\w+)'`).FindAllStringSubmatch(block[1], -1) {
		for _, function := range deployed {
			if value := variables(m[2]); value != "" {
				function[m[1]] = value
			}
		}
	}
	w.cloud.deployed = deployed
	return answer{Out: string(out) + "deployed jms-sync-timer, jms-sync-event\n"}
}
