package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// jsonObject is a JSON object whose values are not decoded yet.
type jsonObject map[string]json.RawMessage

// parseObject parses exactly one JSON object. encoding/json would accept a key twice, of which the last one wins, and
// keys in any letter case; here neither is lost.
func parseObject(text []byte) (jsonObject, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) // without a byte order mark
	open, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty")
	}
	if err != nil || open != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	out := jsonObject{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("it is not valid JSON: %w", err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("it is not valid JSON: a key is no text")
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%q stands there twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("it is not valid JSON: %w", err)
		}
		out[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return out, nil
}

// hasAny reports whether any of the keys is there.
func (o jsonObject) hasAny(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return o[key] != nil })
}

// checkRecords refuses Records of a service that brings no events of instances, as S3's.
func (o jsonObject) checkRecords() error {
	records, err := decodeValue[[]struct{ EventSource string }](o["Records"])
	if err != nil || o["Records"] != nil && len(records) == 0 {
		return errors.New("the field Records must be a list of records")
	}
	for _, r := range records {
		if r.EventSource != "aws:sqs" && r.EventSource != "aws:sns" && !strings.HasSuffix(r.EventSource, ".amazonaws.com") {
			return fmt.Errorf("a record of %q", r.EventSource)
		}
	}
	return nil
}

// sortedKeys returns the keys in order, so that of several mistakes always the same one is reported.
func (o jsonObject) sortedKeys() []string { return slices.Sorted(maps.Keys(o)) }

// checkKeyCase refuses a key that differs from a known one only in letter case: it would be ignored, and a narrowing
// payload with it.
func (o jsonObject) checkKeyCase(known ...string) error {
	for _, key := range o.sortedKeys() {
		for _, k := range known {
			if key != k && strings.EqualFold(key, k) {
				return fmt.Errorf("%q must be written %q", key, k)
			}
		}
	}
	return nil
}

// decodeValue decodes one value; a missing one counts as null.
func decodeValue[T any](raw json.RawMessage) (T, error) {
	var out T
	if raw == nil {
		return out, nil
	}
	err := json.Unmarshal(raw, &out)
	return out, err
}
