package storage_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]storage.Ref{
		"config.yaml":          {Scheme: "file", Key: "config.yaml"},
		"/etc/a?b.yaml":        {Scheme: "file", Key: "/etc/a?b.yaml"},
		`C:\a\b.yaml`:          {Scheme: "file", Key: `C:\a\b.yaml`},
		"file:///etc/jms.yaml": {Scheme: "file", Key: "/etc/jms.yaml"},
		"oss://the-bucket":     {Scheme: "oss", Bucket: "the-bucket"},
		"s3://the.bucket/a/b/": {Scheme: "s3", Bucket: "the.bucket", Key: "a/b/"},
		"oss://bkt/k?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com": {
			Scheme: "oss", Bucket: "bkt", Key: "k", Region: "cn-hangzhou", Endpoint: "https://oss-cn-hangzhou-internal.aliyuncs.com"},
		"obs://bkt/a/k.yaml?region=cn-north-4&path_style=true": {
			Scheme: "obs", Bucket: "bkt", Key: "a/k.yaml", Region: "cn-north-4", PathStyle: true},
		"s3://bkt/k?endpoint=http%3A%2F%2F127.0.0.1%3A9000%2F&profile=dev": {
			Scheme: "s3", Bucket: "bkt", Key: "k", Endpoint: "http://127.0.0.1:9000", PathStyle: true, Profile: "dev"},
		"s3://bkt/k?endpoint=http://[::1]:9": {Scheme: "s3", Bucket: "bkt", Key: "k", Endpoint: "http://[::1]:9", PathStyle: true},
	} {
		if got, err := storage.ParseRef(text); err != nil || got != want {
			t.Errorf("%s: %+v, error %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                     "empty",
		"file://":                              "path is missing",
		"ossx://bkt/k":                         `unknown scheme "ossx", did you mean oss://?`,
		"S3://bkt/k":                           "did you mean s3://?",
		"gs://bkt/k":                           `unknown scheme "gs", known are file, oss, obs, s3`,
		"https://bkt/k":                        "known are",
		"oss:///k":                             "name of the bucket",
		"oss://id:secret@bkt/k":                "name of the bucket",
		"oss://bkt/k?Region=x":                 `unknown setting "Region", did you mean region=?`,
		"oss://bkt/k?path-style=true":          "did you mean path_style=?",
		"oss://bkt/k?secret=hush":              `unknown setting "secret", known are region`,
		"oss://bkt/k?region=":                  "region must have one value",
		"oss://bkt/k?region=a&region=b":        "region must have one value",
		"oss://bkt/k?region=a.b/c":             "region is no id",
		"oss://bkt/k?path_style=hush":          "path_style must be true or false",
		"oss://bkt/k?endpoint=http://u:hush@h": "endpoint is not",
		"oss://bkt/k?endpoint=http://h/path":   "endpoint is not",
		"oss://bkt/k?endpoint=ftp://hush":      "endpoint is not",
		"oss://bkt/k?%zz":                      "what follows ?",
		"oss://bkt/a/../k":                     "..",
		"oss://bkt/k#hush":                     "#",
	} {
		_, err := storage.ParseRef(text)
		if inventory.KindOf(err) != inventory.Invalid || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v; want %q", text, err, says)
		}
	}
}

// FuzzParse: no text makes it panic, and what it takes has a name and says no query.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"oss://bkt/k?region=a&endpoint=h", "file:///x", "s3://b.b/ü%?path_style=1", "obs://bkt//?&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := storage.ParseRef(text)
		if err != nil {
			if inventory.KindOf(err) != inventory.Invalid {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := storage.ParseRef(r.String())
		if err != nil || again.Bucket != r.Bucket || again.Key != r.Key || again.Scheme != r.Scheme {
			t.Errorf("%q became %+v, and %q became %+v (%v)", text, r, r.String(), again, err)
		}
	})
}

const awsCredentialsFile = `; a comment
[default]
aws_access_key_id = default-id
aws_secret_access_key = default-secret

[ dev ]
AWS_ACCESS_KEY_ID=dev-id
aws_secret_access_key=a=b/c+d
aws_session_token = dev-token
[half]
aws_access_key_id = half-id
`

const aliyunConfigFile = `{"current": "prod", "profiles": [
 {"name": "prod", "mode": "AK", "access_key_id": "prod-id", "access_key_secret": "prod-secret", "sts_token": "old"},
 {"name": "sts", "mode": "StsToken", "access_key_id": "sts-id", "access_key_secret": "sts-secret", "sts_token": "sts-token"},
 {"name": "ram", "mode": "EcsRamRole", "ram_role_name": "r"}]}`

// newCredentialSource has every source of credentials.
func newCredentialSource() storage.CredentialSource {
	environ := map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret", "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
		"OBS_ACCESS_KEY_ID": "obs-id", "OBS_SECRET_ACCESS_KEY": "obs-secret", "AWS_ACCESS_KEY_ID": "aws-half",
	}
	files := map[string]string{"/home/u/.aws/credentials": awsCredentialsFile, "/home/u/.aliyun/config.json": aliyunConfigFile}
	return storage.CredentialSource{
		Env:  func(name string) string { return environ[name] },
		Home: "/home/u",
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	role := storage.Credentials{ID: secret.New("role-id"), Secret: secret.New("role-secret"), Token: secret.New("role-token")}
	for _, c := range []struct {
		ref    string
		roleOf inventory.Cloud
		want   string // id/secret/token, or what the error says
	}{
		{"oss://bkt/k", "", "env-id/env-secret/env-token"},
		{"oss://bkt/k", inventory.Alibaba, "role-id/role-secret/role-token"},
		{"oss://bkt/k", inventory.Huawei, "env-id/env-secret/env-token"},
		{"oss://bkt/k?profile=prod", inventory.Alibaba, "prod-id/prod-secret/"},
		{"oss://bkt/k?profile=sts", "", "sts-id/sts-secret/sts-token"},
		{"oss://bkt/k?profile=ram", "", "another mode"},
		{"oss://bkt/k?profile=x", "", "no profile of this name"},
		{"obs://bkt/k", "", "obs-id/obs-secret/"},
		{"obs://bkt/k", inventory.Huawei, "role-id/role-secret/role-token"},
		{"obs://bkt/k?profile=x", "", "no profiles"},
		{"s3://bkt/k", "", "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
		{"s3://bkt/k", inventory.AWS, "role-id/role-secret/role-token"},
		{"s3://bkt/k?profile=dev", "", "dev-id/a=b/c+d/dev-token"},
		{"s3://bkt/k?profile=default", "", "default-id/default-secret/"},
		{"s3://bkt/k?profile=half", "", "no id or no secret"},
		{"file:///x", inventory.Alibaba, "//"},
	} {
		ref, err := storage.ParseRef(c.ref)
		if err != nil {
			t.Fatal(err)
		}
		i := newCredentialSource()
		i.Role, i.RoleCloud = role, c.roleOf
		got, err := i.CredentialsFor(ref)
		text := got.ID.Reveal() + "/" + got.Secret.Reveal() + "/" + got.Token.Reveal()
		if err != nil {
			text = err.Error()
			if inventory.KindOf(err) != inventory.BadCredentials {
				t.Errorf("%s: kind %s", c.ref, inventory.KindOf(err))
			}
		}
		if err == nil && text != c.want || !strings.Contains(text, c.want) {
			t.Errorf("%s of %s: %s; want %s", c.ref, c.roleOf, text, c.want)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"s3://bkt/k": "AWS_ACCESS_KEY_ID", "obs://bkt/k": "HUAWEICLOUD_SDK_AK", "oss://bkt/k?profile=p": "no file of profiles",
	} {
		ref, err := storage.ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (storage.CredentialSource{}).CredentialsFor(ref)
		if inventory.KindOf(err) != inventory.BadCredentials || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	i := newCredentialSource()
	i.ReadFile = func(string) ([]byte, error) { return nil, errors.New("hush") }
	_, err := i.CredentialsFor(storage.Ref{Scheme: storage.SchemeS3, Profile: "p"})
	if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "/home/u/.aws/credentials") {
		t.Errorf("%v", err)
	}
}
