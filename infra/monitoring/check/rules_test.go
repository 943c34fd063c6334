package check

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"
)

const rulesFile = "../rules.yml"

// rulesTest is the part of promtool's test files that ours has. promtool test rules takes the same file; it is not built
// here, as it takes many times the packages that the engine and the rules in it do.
type rulesTest struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []rulesCase    `yaml:"tests"`
}

type rulesCase struct {
	Name        string         `yaml:"name"`
	Interval    model.Duration `yaml:"interval"`
	InputSeries []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	AlertRuleTests []alertTest `yaml:"alert_rule_test"`
}

type alertTest struct {
	EvalTime  model.Duration `yaml:"eval_time"`
	AlertName string         `yaml:"alertname"`
	ExpAlerts []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

func readRulesTest(t *testing.T) rulesTest {
	t.Helper()
	var file rulesTest
	d := yaml.NewDecoder(strings.NewReader(string(readFile(t, "../rules_test.yml"))))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(file.RuleFiles, []string{"rules.yml"}) || file.EvaluationInterval == 0 || len(file.Tests) < 10 {
		t.Fatalf("%v, every %s, %d tests", file.RuleFiles, file.EvaluationInterval, len(file.Tests))
	}
	return file
}

// TestRules: Prometheus, which evaluates the rules over the series of each test, fires what the test expects, with these
// labels and texts; and each alert has a test that it fires and one that it does not.
func TestRules(t *testing.T) {
	t.Parallel()
	file := readRulesTest(t)
	runbook := string(readFile(t, "../../../docs/runbook.en.md"))
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, c := range file.Tests {
		c.run(t, time.Duration(file.EvaluationInterval))
		for _, a := range c.AlertRuleTests {
			if time.Duration(a.EvalTime)%time.Duration(file.EvaluationInterval) != 0 {
				t.Errorf("%s: nothing is evaluated after %s", c.Name, a.EvalTime)
			}
			fires[a.AlertName] = fires[a.AlertName] || len(a.ExpAlerts) > 0
			silent[a.AlertName] = silent[a.AlertName] || len(a.ExpAlerts) == 0
		}
	}
	for _, r := range readRules(t) {
		if !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s: a test that it fires: %v, that it does not: %v", r.Alert, fires[r.Alert], silent[r.Alert])
		}
		for _, cited := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(r.Annotations["description"], -1) {
			if !strings.Contains(runbook, "\n## "+cited[1]+"\n") {
				t.Errorf("%s: the runbook has no section %s", r.Alert, cited[1])
			}
		}
		if r.Annotations["summary"] == "" || r.Annotations["summary_zh"] == "" || r.Annotations["description"] == "" || r.Labels["severity"] == "" {
			t.Errorf("%s lacks a text or its severity", r.Alert)
		}
	}
}

// run evaluates the rules from the first sample to the last time that the test asks for.
func (c rulesCase) run(t *testing.T, every time.Duration) {
	t.Helper()
	load := "load " + c.Interval.String() + "\n"
	for _, s := range c.InputSeries {
		load += "  " + s.Series + " " + s.Values + "\n"
	}
	suite, err := promqltest.NewLazyLoader(load, promqltest.LazyLoaderOpts{Parser: parser.NewParser(parser.Options{})})
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	defer func() { _ = suite.Close() }()
	groups := loadGroups(t, suite, time.Duration(c.Interval))
	start := time.Unix(0, 0).UTC()
	last := slices.MaxFunc(c.AlertRuleTests, func(x, y alertTest) int { return int(x.EvalTime - y.EvalTime) })
	for at := time.Duration(0); at <= time.Duration(last.EvalTime); at += every {
		suite.WithSamplesTill(start.Add(at), func(err error) {
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			for _, g := range groups {
				g.Eval(suite.Context(), start.Add(at))
			}
		})
		for _, a := range c.AlertRuleTests {
			if time.Duration(a.EvalTime) == at {
				a.compare(t, c.Name, groups)
			}
		}
	}
}

func loadGroups(t *testing.T, suite *promqltest.LazyLoader, interval time.Duration) []*rules.Group {
	t.Helper()
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:    rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()),
		AppendableV2: suite.Storage(),
		Context:      t.Context(),
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		Logger:       slog.New(slog.DiscardHandler),
		Parser:       parser.NewParser(parser.Options{}),
	})
	groups, errs := m.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, rulesFile)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, g := range groups {
		for _, r := range g.Rules() {
			if alert, is := r.(*rules.AlertingRule); is {
				alert.SetRestored(true)
			}
		}
	}
	return slices.Collect(maps.Values(groups))
}

// compare compares what fires now with what should.
func (a alertTest) compare(t *testing.T, name string, groups []*rules.Group) {
	t.Helper()
	var got, want []string
	for _, g := range groups {
		for _, r := range g.Rules() {
			alert, is := r.(*rules.AlertingRule)
			if r.LastError() != nil {
				t.Errorf("%s: %s: %v", name, r.Name(), r.LastError())
			}
			if !is || alert.Name() != a.AlertName {
				continue
			}
			for _, one := range alert.ActiveAlerts() {
				if one.State == rules.StateFiring {
					got = append(got, one.Labels.String()+" "+one.Annotations.String())
				}
			}
		}
	}
	for _, one := range a.ExpAlerts {
		all := maps.Clone(one.Labels)
		all[labels.AlertName] = a.AlertName
		want = append(want, labels.FromMap(all).String()+" "+labels.FromMap(one.Annotations).String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %s after %s fires\n%s\nwant\n%s", name, a.AlertName, a.EvalTime, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
