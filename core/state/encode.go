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

// schema is the version of everything that is written. A later one is not read.
const schema = 1

// envelope is the outer form of every object.
type envelope struct {
	Schema   int             `json:"schema"`
	Checksum string          `json:"checksum"`
	Body     json.RawMessage `json:"body"`
}

// encode gives the bytes of an object; the same body always gives the same.
func encode(body any, limit int) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "encode state", Err: err}
	}
	data := fmt.Appendf(nil, `{"schema":%d,"checksum":%q,"body":%s}`+"\n", schema, checksum(text), text)
	if len(data) > limit {
		return nil, &inventory.Error{
			Kind:    inventory.Invalid,
			Message: fmt.Sprintf("state of %d bytes, more than the %d that one object may have", len(data), limit),
		}
	}
	return data, nil
}

// decode fills body, or says in English why it cannot; "" = it could. What it left in body then
// must not be used.
func decode(data []byte, limit int, body any) (why string) {
	if len(data) > limit {
		return fmt.Sprintf("has %d bytes, more than %d", len(data), limit)
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return "is not JSON of our form"
	}
	switch {
	case e.Schema > schema:
		return fmt.Sprintf("was written by a later version (schema %d, this program reads %d)", e.Schema, schema)
	case e.Schema < 1:
		return "has no schema"
	case e.Checksum != checksum(e.Body):
		return "does not have its checksum"
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

func checksum(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}
