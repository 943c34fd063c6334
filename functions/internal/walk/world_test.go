package walk

import (
	"encoding/json"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// The reader's account of Alibaba Cloud, and the key that deploys.
const (
	accountID    = "1234567890123456"
	deployID     = storagetest.GoodID
	deploySecret = storagetest.GoodSecret
)

// world is what one reader of one page has: services under their real names, programs, and what these have made.
type world struct {
	*reader
	services *functiontest.Services
	buckets  map[string]*storagetest.Server
	cloud    cloudThings
	programs map[string]func(call) answer
	binaries *binaries
	net      *internet
}

var (
	ossHost = regexp.MustCompile(`^([a-z0-9-]+)\.oss-([a-z0-9-]+?)(-internal)?\.aliyuncs\.com$`)
	apiHost = regexp.MustCompile(`^(ecs|swas)[.-][a-z0-9-]+\.aliyuncs\.com$`)
)

// newWorld returns a world in which nothing was installed yet; the clone is in the folder jms-sync once it was made.
func newWorld(t *testing.T, page string, b *binaries) *world {
	t.Helper()
	w := &world{
		reader: &reader{T: t, page: page, home: t.TempDir(), bound: bindings{}}, services: functiontest.NewServices(t, accountID),
		buckets: map[string]*storagetest.Server{}, binaries: b,
	}
	w.blanks = map[string]string{
		"JMS_KEY_ID": jumpservertest.KeyID, "JMS_KEY_SECRET": jumpservertest.KeySecret,
		"ALIYUN_KEY_ID": functiontest.CloudKey, "ALIYUN_KEY_SECRET": functiontest.CloudSecret,
		"DINGTALK_WEBHOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + functiontest.RobotToken, "DINGTALK_SECRET": functiontest.RobotSecret,
		"ALICLOUD_ACCESS_KEY": deployID, "ALICLOUD_SECRET_KEY": deploySecret, "ALICLOUD_ACCOUNT_ID": accountID,
	}
	w.secrets = []string{jumpservertest.KeySecret, functiontest.CloudSecret, functiontest.RobotSecret, functiontest.RobotToken, deploySecret}
	w.cloud = cloudThings{initialised: map[string]bool{}, access: map[string]string{}}
	w.blanks["<URL of this repository>"], w.blanks["<本仓库的地址>"] = repositoryURL, repositoryURL
	w.net = newInternet(t, w.resolve)
	w.path = filepath.Join(w.home, "programs")
	if err := os.MkdirAll(w.path, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.net.variables(), worldURL+"="+w.services.Serve(http.HandlerFunc(w.serveCall)))
	w.programs = map[string]func(call) answer{}
	w.install("git", w.runGit)
	w.install("go", w.runGo)
	w.install("npm", w.runNPM)
	w.install("terraform", w.runTerraform)
	w.install("ossutil", w.runOSSUtil)
	return w
}

// resolve returns what answers under the name of a host.
func (w *world) resolve(host string) http.Handler {
	m := ossHost.FindStringSubmatch(host)
	switch {
	case host == "jms.example.com":
		return w.services.JMS
	case host == "oapi.dingtalk.com":
		return w.services.Robot
	case host == "sts.aliyuncs.com", apiHost.MatchString(host):
		return w.services.ECS
	case m != nil:
		return w.bucketHandler(m[1])
	}
	return nil
}

// bucketHandler leads the requests for one bucket to its emulator, which has a name of its own for it.
func (w *world) bucketHandler(name string) http.Handler {
	store := w.buckets[name]
	if store == nil {
		return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-Oss-Request-Id", "5C1B138A109F4E405B2D8AEF")
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte("<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist.</Message></Error>"))
		})
	}
	to, err := url.Parse(store.URL)
	if err != nil {
		w.Error(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.URL.Path = "/" + name + r.In.URL.Path
		r.Out.URL.RawPath = ""
	}}
}

// install puts a program into the reader's PATH.
func (w *world) install(name string, run func(call) answer) {
	w.Helper()
	exe, err := os.Executable()
	if err != nil {
		w.Fatal(err)
	}
	w.programs[name] = run
	text := "#!/bin/sh\nexec '" + exe + "' " + standInFlag + " " + name + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(w.path, name), []byte(text), 0o700); err != nil { //nolint:gosec // a program of the test's own
		w.Fatal(err)
	}
}

func (w *world) serveCall(rw http.ResponseWriter, r *http.Request) {
	var c call
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		w.Error(err)
	}
	_ = json.NewEncoder(rw).Encode(w.programs[c.Name](c))
}

// refuse is the answer of a program that was called as it cannot be.
func (w *world) refuse(c call, why string) answer {
	return answer{Err: c.Name + " " + strings.Join(c.Args, " ") + ": " + why + "\n", Code: 1}
}

// variable returns a variable of the shell that called.
func (c call) variable(name string) string {
	for _, entry := range c.Env {
		if value, is := strings.CutPrefix(entry, name+"="); is {
			return value
		}
	}
	return ""
}

// fillInstances puts instances into a region, numbered from one on.
func (w *world) fillInstances(region string, from, n int) {
	for i := range n {
		w.services.Account.Put(region, alibabatest.SampleInstance(from+i))
	}
}

// prepare does what the quick start says, up to the configuration: the pages that follow it begin there.
func (w *world) prepare() {
	w.Helper()
	page := "docs/quickstart" + strings.TrimPrefix(w.page, strings.TrimSuffix(strings.TrimSuffix(w.page, ".md"), ".en"))
	for _, c := range readPage(w.T, page) {
		if c.text == "make demo" {
			continue
		}
		w.step(c, step{})
		if strings.HasPrefix(c.text, "cat > config.yaml") {
			return
		}
	}
	w.Fatalf("%s writes no config.yaml", page)
}

// jms executes jms-sync beside the page, and wants an exit code.
func (w *world) jms(args string, exit int) string {
	w.Helper()
	out, code := w.execute("bin/jms-sync "+args, "")
	if code != exit {
		w.Errorf("jms-sync %s: exit code %d, want %d\n%s", args, code, exit, out)
	}
	return out
}
