package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "10m": 10 * time.Minute, "168h": 168 * time.Hour, "7d": 168 * time.Hour,
		"1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour, "600": 10 * time.Minute, "2.5": 2500 * time.Millisecond,
		"-1h": -time.Hour, "1h30m": 90 * time.Minute, "50000d": 50_000 * 24 * time.Hour,
	} {
		if got, ok := ParseDuration(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "d", "7dd", "x", "7 days", "-7d", "1d-1h", "1d12", "NaN", "NaNd", "Inf", "1e300", "1e300d", "50001d", "2562047h47m17s", "49999d2000000h", "1d-1h",
	} {
		if got, ok := ParseDuration(text); ok {
			t.Errorf("%q is %v, want nothing", text, got)
		}
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "10m": 10 * time.Minute, "168h": 168 * time.Hour, "1m30s": 90 * time.Second, "100ms": 100 * time.Millisecond, "1h0m1s": time.Hour + time.Second,
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	env := map[string]string{"A": "1", "B_2": "${A}", "EMPTY": ""}
	for text, want := range map[string]string{
		"": "", "plain": "plain", "${A}": "1", "x${A}y${A}z": "x1y1z", "${B_2}": "${A}", "${NO:d}": "d", "${NO:}": "", "${EMPTY:d}": "d",
		"${NO:a:b}": "a:b", "$A": "$A", "$${A}": "$1", "${A": "${A", "${}": "${}", "${a-b}": "${a-b}", "${2}": "${2}", "${${A}}": "${1}",
		"${NO}|missing NO": "", "${EMPTY}-${NO}|missing EMPTY NO": "-",
	} {
		text, names, _ := strings.Cut(text, "|missing ")
		got, missing := expandVariables(text, env)
		if got != want || strings.Join(missing, " ") != names {
			t.Errorf("%q is %q without %v, want %q without %q", text, got, missing, want, names)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "XXXXXXXX", "138xxxxxxxx", "SECxxxxxxxxxxxxxxxx", "YOUR_ALIYUN_ACCESS_KEY_ID",
		"your-secret", "https://your-jumpserver.example.com", "https://oapi.dingtalk.com/robot/send?access_token=YOUR_TOKEN", "<your key>",
	} {
		if !isPlaceholder(text) {
			t.Errorf("%s is taken for a value", text)
		}
	}
	for _, text := range []string{
		"", "https://jms.example.com", "aliyun-prod", "https://static.9.clients.your-server.de", "LTAI5txxxxQ", "yourself", "behaviour_x",
	} {
		if isPlaceholder(text) {
			t.Errorf("%s is taken for a placeholder", text)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"键": "键", "a\nb": `a\nb`, "\x1b[31m": `\x1b[31m`, strings.Repeat("x", 70): strings.Repeat("x", 64) + "…"} {
		if got := printable(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}

// TestTags proves what the parsers assume of the tags, and that defaults are valid.
func TestTags(t *testing.T) {
	t.Parallel()
	c := Default()
	for _, l := range slices.Concat(topFields(&c), accountList().presetFields("[0]", "0"), channelList().presetFields("[0]", "0")) {
		low, high, bounded := strings.Cut(l.tag.Get("range"), ",")
		number := l.value.Type() == reflect.TypeFor[int]()
		if span := l.value.Type() == reflect.TypeFor[time.Duration](); (number || span) != bounded {
			t.Errorf("%s: a range is there: %v", l.path, bounded)
		}
		if bounded && !isAscending(low, high, number) {
			t.Errorf("%s has a range that cannot be read", l.path)
		}
		text := defaultText(l.value)
		if _, w := parseValue(l.value.Type(), l.tag, text); w != (language.Text{}) && text != "" && text != "[]" {
			t.Errorf("the default of %s breaks its own rule: %s", l.path, w.EN)
		}
	}
	if _, w := parseValue(reflect.TypeFor[float64](), "", "1"); w == (language.Text{}) {
		t.Error("a type that no setting has is read")
	}
}

func isAscending(low, high string, number bool) bool {
	if number {
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		return err1 == nil && err2 == nil && from < to
	}
	from, ok1 := ParseDuration(low)
	to, ok2 := ParseDuration(high)
	return ok1 && ok2 && from < to
}
