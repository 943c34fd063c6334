package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func caller() Client {
	return Client{
		Account: Account{Cloud: "nimbus", Name: "prod", AccessKeyID: secret.New("key-of-test"), AccessKeySecret: secret.New("secret-of-test")},
		Retry:   RetryPolicy{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
		KindOf:  func(*APIError) inventory.Kind { return inventory.Denied },
		Advice:  func(*APIError) string { return " (a hint)" },
	}
}

// TestClassify: each error of a call, with its kind and in words without a secret.
func TestClassify(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	role := Credentials{KeyID: secret.New("role-key"), Secret: secret.New("role-secret"), Token: secret.New("role-token")}
	leak := "key-of-test secret-of-test role-key role-secret role-token"
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		kind inventory.Kind
		text string
	}{
		"nothing":       {t.Context(), nil, "", ""},
		"known":         {t.Context(), fmt.Errorf("around: %w", &inventory.Error{Kind: inventory.Incomplete, Message: "half"}), inventory.Incomplete, "half"},
		"a refusal":     {t.Context(), &APIError{Status: 403, Code: "No", Message: leak}, inventory.Denied, "nimbus: op: account prod, region r: No (HTTP 403): "},
		"its hint":      {t.Context(), &APIError{Status: 403, Code: "No", Message: strings.Repeat("x", 999)}, inventory.Denied, "xxx (a hint)"},
		"refused late":  {ended, &APIError{Status: 403, Code: "No"}, inventory.Denied, "No (HTTP 403)"},
		"the end":       {ended, errors.New("x"), inventory.Deadline, "context canceled"},
		"of net/http":   {t.Context(), &url.Error{Op: "Get", URL: "http://h/?" + leak, Err: errors.New("broken pipe")}, inventory.Temporary, "region r: broken pipe"},
		"unanswered":    {t.Context(), fmt.Errorf("sdk: %w", &httpx.NoAnswerError{Err: errors.New("broken pipe")}), inventory.Temporary, "region r: broken pipe"},
		"never was one": {t.Context(), errors.New("cannot sign " + leak), inventory.Unknown, "the SDK could not make the call: cannot sign"},
	} {
		err := caller().WrapError(c.ctx, role, "op", "r", c.err)
		if inventory.KindOf(err) != c.kind || c.err != nil && !strings.Contains(err.Error(), c.text) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.kind, err)
		}
		for hidden := range strings.FieldsSeq(leak) {
			if err != nil && strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %s is shown: %v", name, hidden, err)
			}
		}
		if _, refused := AsAPIError(c.err); (ErrorCode(err) == "No") != refused {
			t.Errorf("%s: code %q", name, ErrorCode(err))
		}
	}
}

// TestCallSigned: credentials are asked for in each try, and the end of time has one name.
func TestCallSigned(t *testing.T) {
	t.Parallel()
	c := caller()
	asked := 0
	c.Credentials = func(context.Context) (Credentials, error) {
		if asked++; asked == 1 {
			return Credentials{}, &inventory.Error{Kind: inventory.Temporary}
		}
		return Credentials{KeyID: secret.New("k")}, nil
	}
	calls := 0
	got, err := CallSigned(t.Context(), c, "op", "", func(_ context.Context, by Credentials) (string, error) {
		if calls++; calls == 1 {
			return "", &url.Error{Op: "Get", Err: errors.New("broken pipe")}
		}
		return by.KeyID.Reveal(), nil
	})
	if got != "k" || err != nil || asked != 3 || calls != 2 {
		t.Errorf("%q after %d questions and %d calls: %v", got, asked, calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Call(ctx, c, "op", "r", func(context.Context) (int, error) { return 1, nil })
	err = c.NameDeadline("op", "r", err)
	if inventory.KindOf(err) != inventory.Deadline || strings.Count(err.Error(), "account prod, region r") != 1 {
		t.Errorf("the end: %v", err)
	}
	if other := errors.New("other"); c.NameDeadline("op", "r", other) != other || c.NameDeadline("op", "r", nil) != nil {
		t.Error("what is no end of time is renamed")
	}
}

func instances(ids ...string) []inventory.Instance {
	rows := make([]inventory.Instance, len(ids))
	for i, id := range ids {
		rows[i].ID = id
	}
	return rows
}

// TestByID: sorted, each once, at most 100 at a time; an answer to another question is none.
func TestByID(t *testing.T) {
	t.Parallel()
	var ids []string
	for n := range 230 {
		ids = append(ids, fmt.Sprintf("i-%03d", 229-n))
	}
	var sizes []int
	found, err := caller().FindByID("op", "r", append(ids, ids[7]), nil, func(part []string) ([]inventory.Instance, error) {
		sizes = append(sizes, len(part))
		rows := instances(part...)
		slices.Reverse(rows)
		return rows, nil
	})
	if err != nil || !slices.Equal(sizes, []int{100, 100, 30}) || len(found) != 230 || found[0].ID != "i-000" || found[229].ID != "i-229" {
		t.Errorf("%d found in parts of %v: %v", len(found), sizes, err)
	}
	for name, c := range map[string]struct {
		ids, answer []string
		kind        inventory.Kind
	}{
		"another":   {[]string{"a"}, []string{"b"}, inventory.Incomplete},
		"twice":     {[]string{"a"}, []string{"a", "a"}, inventory.Incomplete},
		"empty row": {[]string{"a"}, []string{""}, inventory.Incomplete},
		"no id":     {[]string{"a", ""}, nil, inventory.Invalid},
		"odd id":    {[]string{"a", "*"}, nil, inventory.Invalid},
		"absent":    {[]string{"a", "b"}, []string{"b"}, ""},
		"nothing":   {nil, nil, ""},
	} {
		found, err := caller().FindByID("op", "r", c.ids, func(id string) bool { return id != "*" }, func([]string) ([]inventory.Instance, error) {
			if c.kind == inventory.Invalid || c.ids == nil {
				t.Errorf("%s: it is asked", name)
			}
			return instances(c.answer...), nil
		})
		if inventory.KindOf(err) != c.kind || err != nil && found != nil {
			t.Errorf("%s: %v, kind %q, want %q: %v", name, found, inventory.KindOf(err), c.kind, err)
		}
	}
	asked := []string{"c", "a", "b", "a"}
	if got := MissingIDs(asked, instances("b")); !slices.Equal(got, []string{"a", "c"}) || !slices.Equal(asked, []string{"c", "a", "b", "a"}) {
		t.Errorf("absent are %q of %q", got, asked)
	}
}

// TestOwn: rows are of the region that was asked, or none is believed.
func TestOwn(t *testing.T) {
	t.Parallel()
	rows := instances("a", "b")
	rows[1].Region = "r"
	want := inventory.Scope{Cloud: "nimbus", Account: "prod", Region: "r"}
	if err := caller().AssignRegion("op", "r", rows); err != nil || rows[0].Scope != want || rows[1].Scope != want {
		t.Errorf("%+v, %v", rows, err)
	}
	rows[1].Region = "other"
	if err := caller().AssignRegion("op", "r", rows); inventory.KindOf(err) != inventory.Incomplete {
		t.Error(err)
	}
}

// TestConnected: an error comes without a lister, in an interface too.
func TestConnected(t *testing.T) {
	t.Parallel()
	for proxy, failure := range map[string]error{"://": nil, "": errors.New("no key")} {
		l, err := OpenConnected(Account{Proxy: proxy}, func(http.RoundTripper) (*nobody, error) { return nil, failure })
		if l != nil || err == nil {
			t.Errorf("%v, %v", l, err)
		}
	}
}

type nobody struct{ Lister }

// TestLenientReaders: odd fields are empty, and take no others with them.
func TestLenientReaders(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"a":" x ","b":{"a":"y"}}`: "x y", `{"a":7,"b":"{\"a\":1.5}"}`: "7 1.5", `{"a":{},"b":[]}`: " ", `{"a":null,"b":"no json"}`: " ", `{"a":true,"b":7}`: " ",
		`{"a":"` + strings.Repeat("x", 256) + `"}`: strings.Repeat("x", 256) + " ", `{"a":"` + strings.Repeat("x", 257) + `"}`: " ",
	} {
		var e struct {
			A LenientText
			B Lenient[struct{ A LenientText }]
		}
		if err := json.Unmarshal([]byte(raw), &e); err != nil || string(e.A+" "+e.B.Value.A) != want {
			t.Errorf("%.80s: %q and %q, %v", raw, e.A, e.B.Value.A, err)
		}
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"cn-north-4": true, "": false, "a b": false, "A": false, "a.b": false, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
	} {
		if ValidCharset(text, LowerChars) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if got := UniqueTexts([]string{"b", "", "a"}, nil, []string{"a", "c", "b"}); !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("%q", got)
	}
}
