package trigger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Request narrows a run. A nil list means everything; a list is never empty.
type Request struct {
	Clouds         []string // the configuration's names of accounts
	Regions        []string
	DryRun         bool
	Shard          inventory.Shard
	CheckStaleness bool // only look whether complete runs are made
}

// allowedText is told with every mistake in a payload.
const allowedText = `allowed: nothing, or {"clouds":["account"],"regions":["region"],"dry_run":true,"part":"1/4"} ` +
	`with any of these keys, or {"watch":true}`

// parseRequestField reads a text that holds the narrowing payload. One that is missing is empty.
func parseRequestField(fields jsonObject, key string) (Request, error) {
	text, err := decodeValue[string](fields[key])
	if err != nil {
		return Request{}, fmt.Errorf("%s must be a text; %s, within quotes", key, allowedText)
	}
	return parseRequestText(key, text)
}

// parseRequestText reads the narrowing payload, whose mistakes are told with what is allowed.
func parseRequestText(key, text string) (Request, error) {
	r, err := parseRequest(text)
	if err != nil {
		return Request{}, fmt.Errorf("%s: %w; %s", key, err, allowedText)
	}
	return r, nil
}

// parseRequest reads the narrowing. Whatever could be read in two ways is refused, because one of
// them is a wider run than was asked for: null, an empty list, a key twice or in other letters.
func parseRequest(text string) (Request, error) {
	if strings.TrimSpace(text) == "" {
		return Request{}, nil
	}
	fields, err := parseObject([]byte(text))
	if err != nil {
		return Request{}, err
	}
	var r Request
	for _, key := range fields.sortedKeys() {
		switch raw := fields[key]; key {
		case "clouds":
			r.Clouds, err = parseNames(raw)
		case "regions":
			r.Regions, err = parseNames(raw)
		case "dry_run":
			r.DryRun, err = parseFlag(raw)
		case "part":
			r.Shard, err = parseShard(raw)
		case "watch":
			r.CheckStaleness, err = parseFlag(raw)
		default:
			err = errors.New("no such key")
		}
		if err != nil {
			return Request{}, fmt.Errorf("%q: %w", key, err)
		}
	}
	if r.Shard != (inventory.Shard{}) && r.Clouds == nil && r.Regions == nil {
		return Request{}, errors.New(`"part": a part without clouds or regions would be the whole run`)
	}
	if r.CheckStaleness && len(fields.sortedKeys()) > 1 {
		return Request{}, errors.New(`"watch": stands alone, as it runs nothing`)
	}
	return r, nil
}

// parseShard reads "2/4". Only one way of writing is taken: what looks like a part and is another one
// would leave a part of the run without its report.
func parseShard(raw []byte) (inventory.Shard, error) {
	text, err := decodeValue[*string](raw)
	if err != nil || text == nil {
		return inventory.Shard{}, errors.New(`must be a text such as "2/4"`)
	}
	number, of, _ := strings.Cut(*text, "/")
	n, bad := strconv.Atoi(number)
	m, worse := strconv.Atoi(of)
	if bad != nil || worse != nil || strconv.Itoa(n)+"/"+strconv.Itoa(m) != *text || n < 1 || n > m || m > inventory.MaxShards {
		return inventory.Shard{}, fmt.Errorf(`must be a text such as "2/4": part 2 of 4, at most %d`, inventory.MaxShards)
	}
	return inventory.Shard{Number: n, Count: m}, nil
}

func parseFlag(raw []byte) (bool, error) {
	b, err := decodeValue[*bool](raw)
	if err != nil || b == nil {
		return false, errors.New("must be true or false")
	}
	return *b, nil
}

func parseNames(raw []byte) ([]string, error) {
	list, err := decodeValue[[]*string](raw)
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
