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
	Clouds         []string // names of accounts in the configuration
	Regions        []string
	DryRun         bool
	Shard          inventory.Shard
	CheckStaleness bool // only check that complete runs happen
}

// allowedText is added to every mistake in a payload.
const allowedText = `allowed: nothing, or {"clouds":["account"],"regions":["region"],"dry_run":true,"part":"1/4"} ` +
	`with any of these keys, or {"watch":true}`

// parseRequestField parses a text field that holds the narrowing payload. A missing one is empty.
func parseRequestField(fields jsonObject, key string) (Request, error) {
	text, err := decodeValue[string](fields[key])
	if err != nil {
		return Request{}, fmt.Errorf("%s must be a text; %s, within quotes", key, allowedText)
	}
	return parseRequestText(key, text)
}

// parseRequestText parses the narrowing payload. Its errors say what is allowed.
func parseRequestText(key, text string) (Request, error) {
	r, err := parseRequest(text)
	if err != nil {
		return Request{}, fmt.Errorf("%s: %w; %s", key, err, allowedText)
	}
	return r, nil
}

// parseRequest parses the narrowing payload. Whatever could be read in two ways is refused, because one of them is a
// wider run than was asked for: null, an empty list, a key twice or in other letters.
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

// parseShard parses "2/4". It accepts only this spelling: a text that looks like a shard and means another one would
// leave a part of the run without its report.
func parseShard(raw []byte) (inventory.Shard, error) {
	text, err := decodeValue[*string](raw)
	if err != nil || text == nil {
		return inventory.Shard{}, errors.New(`must be a text such as "2/4"`)
	}
	numberText, countText, _ := strings.Cut(*text, "/")
	number, numberErr := strconv.Atoi(numberText)
	count, countErr := strconv.Atoi(countText)
	if numberErr != nil || countErr != nil || strconv.Itoa(number)+"/"+strconv.Itoa(count) != *text || number < 1 || number > count || count > inventory.MaxShards {
		return inventory.Shard{}, fmt.Errorf(`must be a text such as "2/4": part 2 of 4, at most %d`, inventory.MaxShards)
	}
	return inventory.Shard{Number: number, Count: count}, nil
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
