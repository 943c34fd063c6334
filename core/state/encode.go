package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// versionedBody is a body whose kind had other fields in the past. All others are of schema 1.
type versionedBody interface {
	// schemaRange returns the oldest schema that is still read as this body, and the one that is written. A field
	// that an older schema lacks is zero.
	schemaRange() (oldest, newest int)
}

func schemaRangeOf(body any) (oldest, newest int) {
	if v, changed := body.(versionedBody); changed {
		return v.schemaRange()
	}
	return 1, 1
}

// laterVersionText begins the reason why a sound object of a schema that this program does not know is not used.
const laterVersionText = "was written by a later version"

// earlierVersionText is the reason why a sound object of a schema that is no longer read is not used.
const earlierVersionText = "was written by an earlier version"

// envelope is the outer form of every object.
type envelope struct {
	Schema   int             `json:"schema"`
	Checksum string          `json:"checksum"`
	Body     json.RawMessage `json:"body"`
}

// encodeObject returns the bytes of an object. The same body always has the same bytes.
func encodeObject(body any, limit int) ([]byte, error) {
	_, schema := schemaRangeOf(body)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "encode state", Err: err}
	}
	data := fmt.Appendf(nil, `{"schema":%d,"checksum":%q,"body":%s}`+"\n", schema, checksumOf(text), text)
	if len(data) > limit {
		return nil, &inventory.Error{
			Kind:    inventory.Invalid,
			Message: fmt.Sprintf("state of %d bytes, more than the %d that one object may have", len(data), limit),
		}
	}
	return data, nil
}

// decodeObject fills body and returns "", or returns in English why it cannot: then body must not
// be used.
func decodeObject(data []byte, limit int, body any) (why string) {
	if len(data) > limit {
		return fmt.Sprintf("has %d bytes, more than %d", len(data), limit)
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return "is not JSON of our form"
	}
	oldest, newest := schemaRangeOf(body)
	switch {
	case e.Schema > newest:
		return fmt.Sprintf("%s (schema %d, this program reads %d)", laterVersionText, e.Schema, newest)
	case e.Schema < 1:
		return "has no schema"
	case e.Checksum != checksumOf(e.Body):
		return "does not have its checksum"
	case e.Schema < oldest:
		return earlierVersionText
	}
	d := json.NewDecoder(bytes.NewReader(e.Body))
	d.DisallowUnknownFields() // a body of another kind must not pass for this one
	if err := d.Decode(body); err != nil {
		return "has a body of another form"
	}
	if _, err := d.Token(); err != io.EOF {
		return "has more than one body"
	}
	return ""
}

func checksumOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}
