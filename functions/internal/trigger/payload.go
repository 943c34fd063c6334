package trigger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Request narrows a run. A nil list means everything; a list is never empty.
type Request struct {
	Clouds  []string // the configuration's names of accounts
	Regions []string
	DryRun  bool
	Part    Part
	Watch   bool // only look whether complete runs are made
}

// Part is one of several that timer triggers make of one run, side by side; 1 ≤ Number ≤ Of ≤
// MaxParts. The zero value is the whole run.
type Part struct{ Number, Of int }

// MaxParts is into how many parts a run may be split.
const MaxParts = 100

// allowed is told with every mistake in a payload.
const allowed = `allowed: nothing, or {"clouds":["account"],"regions":["region"],"dry_run":true,"part":"1/4"} ` +
	`with any of these keys, or {"watch":true}`

// narrowing reads a text that holds the narrowing payload. One that is missing is empty.
func narrowing(fields object, key string) (Request, error) {
	text, err := decode[string](fields[key])
	if err != nil {
		return Request{}, fmt.Errorf("%s must be a text; %s, within quotes", key, allowed)
	}
	return narrowed(key, text)
}

// narrowed reads the narrowing payload, whose mistakes are told with what is allowed.
func narrowed(key, text string) (Request, error) {
	r, err := payload(text)
	if err != nil {
		return Request{}, fmt.Errorf("%s: %w; %s", key, err, allowed)
	}
	return r, nil
}

// payload reads the narrowing. Whatever could be read in two ways is refused, because one of
// them is a wider run than was asked for: null, an empty list, a key twice or in other letters.
func payload(text string) (Request, error) {
	if strings.TrimSpace(text) == "" {
		return Request{}, nil
	}
	fields, err := members([]byte(text))
	if err != nil {
		return Request{}, err
	}
	var r Request
	for _, key := range fields.keys() {
		switch raw := fields[key]; key {
		case "clouds":
			r.Clouds, err = names(raw)
		case "regions":
			r.Regions, err = names(raw)
		case "dry_run":
			r.DryRun, err = flag(raw)
		case "part":
			r.Part, err = part(raw)
		case "watch":
			r.Watch, err = flag(raw)
		default:
			err = errors.New("no such key")
		}
		if err != nil {
			return Request{}, fmt.Errorf("%q: %w", key, err)
		}
	}
	if r.Part != (Part{}) && r.Clouds == nil && r.Regions == nil {
		return Request{}, errors.New(`"part": a part without clouds or regions would be the whole run`)
	}
	if r.Watch && len(fields.keys()) > 1 {
		return Request{}, errors.New(`"watch": stands alone, as it runs nothing`)
	}
	return r, nil
}

// part reads "2/4". Only one way of writing is taken: what looks like a part and is another one
// would leave a part of the run without its report.
func part(raw []byte) (Part, error) {
	text, err := decode[*string](raw)
	if err != nil || text == nil {
		return Part{}, errors.New(`must be a text such as "2/4"`)
	}
	number, of, _ := strings.Cut(*text, "/")
	n, bad := strconv.Atoi(number)
	m, worse := strconv.Atoi(of)
	if bad != nil || worse != nil || strconv.Itoa(n)+"/"+strconv.Itoa(m) != *text || n < 1 || n > m || m > MaxParts {
		return Part{}, fmt.Errorf(`must be a text such as "2/4": part 2 of 4, at most %d`, MaxParts)
	}
	return Part{n, m}, nil
}

func flag(raw []byte) (bool, error) {
	b, err := decode[*bool](raw)
	if err != nil || b == nil {
		return false, errors.New("must be true or false")
	}
	return *b, nil
}

func names(raw []byte) ([]string, error) {
	list, err := decode[[]*string](raw)
	if err != nil || list == nil {
		return nil, errors.New("must be a list of texts")
	}
	if len(list) == 0 {
		return nil, errors.New("the list is empty; leave the key out for everything")
	}
	out := make([]string, 0, len(list))
	for _, name := range list {
		if name == nil || *name == "" || strings.TrimSpace(*name) != *name {
			return nil, errors.New("a name is empty or has blanks around it")
		}
		out = append(out, *name)
	}
	return out, nil
}
