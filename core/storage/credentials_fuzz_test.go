package storage

import (
	"strings"
	"testing"
)

// FuzzProfiles: the files of the clouds' command lines are written by others. What is found in them
// stands there, and no error repeats what does.
func FuzzProfiles(f *testing.F) {
	f.Add("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key=s3cret\n", "default")
	f.Add("[ a ]\r\n# c\n; d\naws_session_token = t = u\n[", "a")
	f.Add(`{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":"LTAI","access_key_secret":"s3cret"}]}`, "default")
	f.Add(`{"profiles":[null,{"name":"x","mode":"StsToken","sts_token":5}]}`, "x")
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, pick := range []func([]byte, string) (Credentials, error){parseAWSProfile, parseAliyunProfile} {
			c, err := pick([]byte(text), name)
			if err != nil {
				if !c.IsEmpty() {
					t.Fatalf("credentials beside %v", err)
				}
				continue
			}
			if c.IsEmpty() {
				t.Fatalf("neither credentials nor an error for %q", name)
			}
			if id := c.ID.Reveal(); !strings.Contains(text, id) && !strings.Contains(text, `\`) {
				t.Fatalf("%q does not stand in the file", id)
			}
		}
	})
}
