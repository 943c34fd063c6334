package config

import "testing"

// TestPrefixes: addresses and networks of both versions, IPv4 also in the form of IPv6; a zone is none.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.7":               "10.0.0.7/32",
		"10.0.0.7/24":            "10.0.0.0/24",
		"2408:0:0::0A":           "2408::a/128",
		"2408::7/32":             "2408::/32",
		"::ffff:10.0.0.7":        "10.0.0.7/32",
		"::ffff:10.0.0.7/120":    "10.0.0.0/24",
		"::ffff:10.0.0.7/96":     "0.0.0.0/0",
		"::ffff:10.0.0.7/95":     "",
		"fe80::1%eth0":           "",
		"2408::1%eth0/64":        "",
		"2408::/129":             "",
		"web.example.com":        "",
		"":                       "",
		"10.0.0.1-10.0.0.9":      "",
		"::ffff:10.0.0.7%1":      "",
		"10.0.0.0/255.255.255.0": "",
	} {
		got, mistake := parsePrefix(text)
		if written := got.String(); (mistake.EN == "") != (want != "") || want != "" && written != want {
			t.Errorf("%q: %s %q, want %q", text, written, mistake.EN, want)
		}
	}
}
