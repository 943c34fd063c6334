package language

import (
	"errors"
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want Lang
	}{
		"nothing":                      {nil, Chinese},
		"C":                            {map[string]string{"LANG": "C"}, Chinese},
		"C.UTF-8":                      {map[string]string{"LANG": "C.UTF-8"}, Chinese},
		"POSIX":                        {map[string]string{"LANG": "POSIX"}, Chinese},
		"Chinese":                      {map[string]string{"LANG": "zh_CN.UTF-8"}, Chinese},
		"Taiwan":                       {map[string]string{"LANG": "zh_TW"}, Chinese},
		"English":                      {map[string]string{"LANG": "en_US.UTF-8"}, English},
		"German":                       {map[string]string{"LANG": "de_DE.UTF-8"}, English},
		"LC_ALL before LANG":           {map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, English},
		"LC_MESSAGES before LANG":      {map[string]string{"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, English},
		"LC_ALL before LC_MESSAGES":    {map[string]string{"LC_ALL": "C", "LC_MESSAGES": "en_GB"}, Chinese},
		"the variable before a locale": {map[string]string{"JMS_SYNC_LANGUAGE": "zh", "LC_ALL": "en_US.UTF-8"}, Chinese},
		"an unknown one is none":       {map[string]string{"JMS_SYNC_LANGUAGE": "fr", "LANG": "en_US.UTF-8"}, English},
		"the variable: English":        {map[string]string{"JMS_SYNC_LANGUAGE": "en", "LANG": "zh_CN.UTF-8"}, English},
	} {
		if got := Of(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	both := Newf("%d 个 %s", "%[2]s: %[1]d", 2, "a")
	for lang, want := range map[Lang]string{Chinese: "2 个 a", English: "a: 2", "": "2 个 a", "fr": "2 个 a"} {
		if got := both.In(lang); got != want {
			t.Errorf("%q: %s", lang, got)
		}
		if got := lang.Textf("%d 个 %s", "%[2]s: %[1]d", 2, "a"); got != want {
			t.Errorf("%q: %s", lang, got)
		}
	}
	if got := English.Text("百分之 100%", "100%"); got != "100%" {
		t.Error(got)
	}
}

// TestErrorText: an error speaks the reader's language wherever it is wrapped; logs have English.
func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such file")
	for err, want := range map[error][2]string{
		cause:                            {"no such file", "no such file"},
		Errorf("级别 %q", "level %q", "x"): {`级别 "x"`, `level "x"`},
		fmt.Errorf("STATE: %w", Errorf("不认识", "unknown")):                                          {"STATE: 不认识", "STATE: unknown"},
		fmt.Errorf("a: %w", &Error{Text: New("写不了", "not written"), Err: cause}):                   {"a: 写不了: no such file", "a: not written: no such file"},
		&Error{Text: New("打不开", "not opened"), Err: fmt.Errorf("b: %w", Errorf("不认识", "unknown"))}: {"打不开: b: 不认识", "not opened: b: unknown"},
		errors.Join(Errorf("一", "one"), fmt.Errorf("b: %w", errors.ErrUnsupported)):                {"一\nb: unsupported operation", "one\nb: unsupported operation"},
	} {
		if got := [2]string{ErrorText(err, Chinese), ErrorText(err, English)}; got != want || err.Error() != want[1] {
			t.Errorf("%q, error %q", got, err)
		}
		if got := New("坏了", "broken").WithError(err); got.ZH != "坏了："+want[0] || got.EN != "broken: "+want[1] {
			t.Errorf("%q", got)
		}
	}
}
