package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/jms-sync/jms-sync/core/config"
)

const repository = "../../.."

func readRepository(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRestricted: Kubernetes' own checks let the pods into a namespace with the profile "restricted".
func TestRestricted(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	strict := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	for _, name := range []string{"minimal", "everything"} {
		for _, pod := range renderAll(t, readValues(t, name), accountOf(name)).pods() {
			result := policy.AggregateCheckResults(evaluator.EvaluatePod(strict, &metav1.ObjectMeta{}, &pod))
			if !result.Allowed {
				t.Errorf("%s: %s", name, result.ForbiddenDetail())
			}
			c := pod.Containers[0]
			if !*c.SecurityContext.ReadOnlyRootFilesystem || *pod.AutomountServiceAccountToken || c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	open := corev1.PodSpec{Containers: []corev1.Container{{Name: "x"}}}
	if policy.AggregateCheckResults(evaluator.EvaluatePod(strict, &metav1.ObjectMeta{}, &open)).Allowed {
		t.Error("the checks forbid nothing")
	}
}

func accountOf(name string) string {
	if name == "everything" {
		return "syncer"
	}
	return "jms-sync"
}

// TestImageOfTheRecipe: the pods run as the user that the image's recipe names, keep state in its folder, and wait for the
// port that the command listens on.
func TestImageOfTheRecipe(t *testing.T) {
	t.Parallel()
	recipe := readRepository(t, "infra/container/Dockerfile")
	find := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(recipe)
		if m == nil {
			t.Fatalf("the recipe has no %s", pattern)
		}
		return m[1]
	}
	user, folder := find(`(?m)^USER (\d+):\d+$`), find(`(?m)^USER .*\nWORKDIR (\S+)$`)
	r := renderAll(t, chartutil.CoalesceTables(map[string]any{"state": map[string]any{"persistence": map[string]any{"accessMode": "ReadWriteMany"}},
		"events": map[string]any{"enabled": true, "token": map[string]any{"existingSecret": "token"}}}, readValues(t, "minimal")), "jms-sync")
	for _, pod := range r.pods() {
		s := pod.SecurityContext
		if strconv.FormatInt(*s.RunAsUser, 10) != user || *s.RunAsGroup != *s.RunAsUser || *s.FSGroup != *s.RunAsUser {
			t.Errorf("%+v, the recipe says %s", s, user)
		}
		if env := environment(pod.Containers[0]); env[config.EnvState] != "file://"+folder || !slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == folder }) {
			t.Errorf("%v, the recipe's folder is %s", env, folder)
		}
	}
	events := r.pods()[1].Containers[0]
	if env := environment(events); env[config.EnvEventToken] != "from token/token" {
		t.Errorf("%v", env)
	}
	if port := ":" + strconv.Itoa(int(events.Ports[0].ContainerPort)); !slices.Contains(events.Args, port) || !strings.Contains(readRepository(t, "functions/local/listen.go"), strconv.Quote(port)) {
		t.Errorf("port %s, args %v", port, events.Args)
	}
}

// TestDeadlines: a Job lasts longer than a run may, and ends before two more would be due; pods leave the program the time
// that it takes to end in good order.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	r := renderAll(t, readValues(t, "everything"), "syncer")
	limit := config.Default().Timeout.Run
	job := time.Duration(*r.cron.Spec.JobTemplate.Spec.ActiveDeadlineSeconds) * time.Second
	if job < limit+time.Minute || job > limit+10*time.Minute {
		t.Errorf("a Job ends after %s, a run after %s", job, limit)
	}
	const drain, flush = 65, 10 // seconds; functions/local/listen.go
	if listen := readRepository(t, "functions/local/listen.go"); !strings.Contains(listen, "drainTimeout = eventTimeout + 5*time.Second") || !strings.Contains(listen, "flushTimeout = 10 * time.Second") {
		t.Error("listen takes another time to end")
	}
	if got := *r.deployment.Spec.Template.Spec.TerminationGracePeriodSeconds; got <= drain+flush {
		t.Errorf("%d s to end", got)
	}
	if unit := readRepository(t, "infra/host/jms-sync.service"); !strings.Contains(unit, "TimeoutStopSec=60s") || *r.cron.Spec.JobTemplate.Spec.Template.Spec.TerminationGracePeriodSeconds != 60 {
		t.Error("a run gets another time to end on hosts")
	}
}

// TestProgramTakesTheArguments starts the program with the arguments of each pod: it knows them all.
func TestProgramTakesTheArguments(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "jms-sync")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", program, "./functions/local")
	build.Dir, build.Env = repository, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"minimal", "everything"} {
		for _, pod := range renderAll(t, readValues(t, name), accountOf(name)).pods() {
			args := append([]string{"--no-log-file"}, pod.Containers[0].Args...) // as the image's ENTRYPOINT
			if out, err := exec.CommandContext(t.Context(), program, append(args, "--help")...).CombinedOutput(); err != nil {
				t.Errorf("%v: %v: %s", args, err, out)
			}
			out, err := exec.CommandContext(t.Context(), program, append(args, "--misspelt")...).CombinedOutput()
			if err == nil {
				t.Errorf("a wrong argument is taken: %s", out)
			}
		}
	}
}

// TestDocumentsInstall renders the chart with the values that the documents' helm install sets.
func TestDocumentsInstall(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/deploy.md", "docs/deploy.en.md"} {
		command := regexp.MustCompile(`(?m)^helm install jms-sync infra/helm ((?:.*\\\n)*.*)$`).FindStringSubmatch(readRepository(t, name))
		if command == nil {
			t.Fatalf("%s has no helm install", name)
		}
		values := map[string]any{}
		words := strings.Fields(strings.ReplaceAll(command[1], "\\\n", " "))
		for n, word := range words {
			if word != "--set" {
				continue
			}
			if err := strvals.ParseInto(strings.Trim(words[n+1], `'"`), values); err != nil {
				t.Fatal(err)
			}
		}
		r := renderAll(t, values, "jms-sync")
		pod := r.cron.Spec.JobTemplate.Spec.Template.Spec
		for _, secret := range []string{pod.Volumes[0].Secret.SecretName, pod.Containers[0].EnvFrom[0].SecretRef.Name} {
			if !strings.Contains(readRepository(t, name), "create secret generic "+secret+" ") {
				t.Errorf("%s does not make the Secret %s", name, secret)
			}
		}
	}
}
