package infra

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/cloud/fakecloudtest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// compareBlock compares the part of a document between <!-- name --> and <!-- /name --> with what the code renders;
// -update writes it.
func compareBlock(t *testing.T, document, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	file := filepath.Join(root, "docs", document)
	before, rest, hasBegin := strings.Cut(string(readRepoFile(t, file)), begin)
	got, after, hasEnd := strings.Cut(rest, end)
	switch {
	case !hasBegin || !hasEnd:
		t.Errorf("%s lacks the markers of %s", document, name)
	case got == want:
	case !*update:
		t.Errorf("%s of %s is not what the code says; run go test ./infra -update", name, document)
	default:
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSettingsReference keeps the tables of all settings equal to the code.
func TestSettingsReference(t *testing.T) {
	t.Parallel()
	zh, en := config.RenderReference(cloudlist.Clouds())
	compareBlock(t, "configuration.md", "settings", zh)
	compareBlock(t, "configuration.en.md", "settings", en)
}

// TestRulesReference keeps the tables of the keys of rules equal to the code.
func TestRulesReference(t *testing.T) {
	t.Parallel()
	zh, en := config.RenderRules()
	compareBlock(t, "configuration.md", "rules", zh)
	compareBlock(t, "configuration.en.md", "rules", en)
}

// TestCloudsReference keeps the tables of all clouds equal to the code.
func TestCloudsReference(t *testing.T) {
	t.Parallel()
	zh, en := renderClouds(cloudlist.Providers())
	compareBlock(t, "clouds.md", "clouds", zh)
	compareBlock(t, "clouds.en.md", "clouds", en)
}

// renderClouds renders a row for each cloud: its name, spellings and policies, what serves an account without
// a key, and whether it has events.
func renderClouds(providers []cloud.Provider) (zh, en string) {
	var b, c strings.Builder
	b.WriteString("| 云 | `type` | 策略文件 | 没有写密钥时 | 事件 |\n|---|---|---|---|---|\n")
	c.WriteString("| cloud | `type` | policy | without a key | events |\n|---|---|---|---|---|\n")
	for _, p := range providers {
		var links, spellings []string
		for _, name := range policyFiles(p.CloudInfo) {
			links = append(links, fmt.Sprintf("[%s](../infra/%s/policies/%s)", name, p.Cloud, name))
		}
		for _, spelling := range p.Spellings {
			spellings = append(spellings, "`"+spelling+"`")
		}
		events := language.Text{ZH: "有", EN: "yes"}
		if p.Events == nil {
			events = language.Text{ZH: "没有，由定时发现", EN: "none, the timer finds changes"}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", p.Name.ZH, strings.Join(spellings, "、"), strings.Join(links, "、"), p.WithoutKey.ZH, events.ZH)
		fmt.Fprintf(&c, "| %s | %s | %s | %s | %s |\n", p.Name.EN, strings.Join(spellings, ", "), strings.Join(links, ", "), p.WithoutKey.EN, events.EN)
	}
	return b.String(), c.String()
}

// TestFactsReference keeps the tables of what mapping rules can ask for equal to the code.
func TestFactsReference(t *testing.T) {
	t.Parallel()
	zh, en := renderFacts(cloudlist.Clouds())
	compareBlock(t, "clouds.md", "facts", zh)
	compareBlock(t, "clouds.en.md", "facts", en)
}

// factKeys are what a rule may ask for that not every cloud shows of all of its instances, as rules write it.
func factKeys() []struct {
	fact inventory.Fact
	key  string
} {
	return []struct {
		fact inventory.Fact
		key  string
	}{
		{inventory.FactZone, "zone"}, {inventory.FactSubnet, "subnet"}, {inventory.FactGroups, "group"}, {inventory.FactResourceGroup, "resource_group"},
		{inventory.FactImage, "image"}, {inventory.FactCharge, "charge"}, {inventory.FactCreatedAt, "min_age"}, {inventory.FactElastic, "address: eip"},
	}
}

// renderFacts renders a row for each key of rules, with what it is in each cloud and kind of instances.
func renderFacts(clouds inventory.CloudTable) (zh, en string) {
	head, headEN, line := "| 规则 |", "| rule |", "|---|"
	var shown []inventory.FactSources
	add := func(zh, en string, facts inventory.FactSources) {
		head, headEN, line, shown = head+" "+zh+" |", headEN+" "+en+" |", line+"---|", append(shown, facts)
	}
	for _, c := range clouds {
		add(c.Name.ZH, c.Name.EN, c.Facts)
		for _, kind := range c.Kinds {
			add(c.Name.ZH+" `"+kind.Name+"`", c.Name.EN+" `"+kind.Name+"`", kind.Facts)
		}
	}
	rows := ""
	for _, key := range factKeys() {
		rows += "| `" + key.key + "` |"
		for _, facts := range shown {
			rows += " " + cmp.Or(facts[key.fact], "–") + " |"
		}
		rows += "\n"
	}
	return head + "\n" + line + "\n" + rows, headEN + "\n" + line + "\n" + rows
}

// TestCloudsAreDocumented: the entries name every cloud, and the page of the clouds has a section on each.
func TestCloudsAreDocumented(t *testing.T) {
	t.Parallel()
	if missing := undocumentedClouds(cloudlist.Providers(), readDocuments(t)); len(missing) > 0 {
		t.Error(strings.Join(missing, "\n"))
	}
}

func undocumentedClouds(providers []cloud.Provider, documents map[string]string) []string {
	var missing []string
	for _, p := range providers {
		for name, part := range map[string]string{
			"README.md": p.Name.ZH, "docs/README.en.md": p.Name.EN, "docs/clouds.md": "\n## " + p.Name.ZH + "\n", "docs/clouds.en.md": "\n## " + p.Name.EN + "\n",
		} {
			if !strings.Contains(documents[name], part) {
				missing = append(missing, fmt.Sprintf("%s has no %q", name, strings.TrimSpace(part)))
			}
		}
	}
	slices.Sort(missing)
	return missing
}

// TestSixthCloud: a cloud that is a folder and a line has its row, its rights and its part of the documents, and what
// people have yet to write about it is reported.
func TestSixthCloud(t *testing.T) {
	t.Parallel()
	six := append(cloudlist.Providers(), fakecloudtest.Provider(cloud.RetryPolicy{}))
	zh, en := renderClouds(six)
	for text, row := range map[string]string{
		zh: "| 样例云 | `样例云`、`fakecloud` | [list.json](../infra/fakecloud/policies/list.json) | 报错：必须写密钥 | 没有，由定时发现 |\n",
		en: "| Fake Cloud | `样例云`, `fakecloud` | [list.json](../infra/fakecloud/policies/list.json) | an error: a key is required | none, the timer finds changes |\n",
	} {
		if !strings.HasSuffix(text, row) {
			t.Errorf("got\n%s", text)
		}
	}
	if zh, en := config.RenderReference(cloud.TableOf(six)); !strings.Contains(zh, "、样例云/fakecloud，必填") || !strings.Contains(en, ", 样例云/fakecloud; required") {
		t.Error(zh, en)
	}
	zh, en = renderFacts(cloud.TableOf(six))
	if !strings.Contains(zh, " 样例云 |\n") || !strings.Contains(en, " Fake Cloud |\n") || !strings.Contains(zh, " `zone` |\n") {
		t.Error(zh, en)
	}
	written := readDocuments(t)
	want := []string{
		`README.md has no "样例云"`, `docs/README.en.md has no "Fake Cloud"`, `docs/clouds.en.md has no "## Fake Cloud"`, `docs/clouds.md has no "## 样例云"`,
	}
	if got := undocumentedClouds(six, written); !slices.Equal(got, want) {
		t.Errorf("missing are %q", got)
	}
	for name, text := range map[string]string{"README.md": "样例云", "docs/README.en.md": "Fake Cloud", "docs/clouds.md": "\n## 样例云\n", "docs/clouds.en.md": "\n## Fake Cloud\n"} {
		written[name] += text
	}
	if got := undocumentedClouds(six, written); len(got) > 0 {
		t.Errorf("missing are %q", got)
	}
}
