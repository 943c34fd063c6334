package language

import "testing"

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
