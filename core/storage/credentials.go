package storage

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Credentials sign the requests to a store. Token is empty but for temporary ones.
type Credentials struct{ ID, Secret, Token secret.Value }

// Empty tells whether there is nothing to sign with.
func (c Credentials) Empty() bool { return c.ID.Empty() || c.Secret.Empty() }

// Identity says where credentials come from. What is nil or empty gives none.
type Identity struct {
	// Role holds the temporary credentials of a function's role. They are those of RoleOf, and
	// are never sent to another cloud's store.
	Role   Credentials
	RoleOf inventory.Cloud
	// Env looks a variable of the process up; "" = not set.
	Env func(name string) string
	// ReadFile reads the files that hold profiles.
	ReadFile func(name string) ([]byte, error)
	Home     string // the user's folder, where those files are
}

// For gives the credentials for a reference: of the profile where it names one, for that is what
// was asked for; else of the function's role; else of the environment. The error is of the kind
// BadCredentials, and names where was looked.
func (i Identity) For(ref Ref) (Credentials, error) {
	switch {
	case ref.Scheme == File:
		return Credentials{}, nil
	case ref.Profile != "":
		return i.profile(ref)
	case i.RoleOf == cloudOf(ref.Scheme) && !i.Role.Empty():
		return i.Role, nil
	}
	var looked []string
	for _, names := range variables(ref.Scheme) {
		c := Credentials{ID: i.env(names[0]), Secret: i.env(names[1]), Token: i.env(names[2])}
		if !c.Empty() {
			return c, nil
		}
		if c.ID.Empty() != c.Secret.Empty() {
			return Credentials{}, noCredentials(ref, "only one of "+names[0]+" and "+names[1]+" is set")
		}
		looked = append(looked, names[0]+" and "+names[1])
	}
	return Credentials{}, noCredentials(ref, "no credentials: the function has no role of this cloud, and the environment has neither "+
		strings.Join(looked, " nor "))
}

func (i Identity) env(name string) secret.Value {
	if i.Env == nil {
		return secret.Value{}
	}
	return secret.New(i.Env(name))
}

// variables gives id, secret and token as the cloud's own SDKs and tools call them.
func variables(scheme string) [][3]string {
	switch scheme {
	case OSS:
		return [][3]string{{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"}}
	case OBS:
		return [][3]string{
			{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
			{"OBS_ACCESS_KEY_ID", "OBS_SECRET_ACCESS_KEY", "OBS_SECURITY_TOKEN"},
		}
	}
	return [][3]string{{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}}
}

func cloudOf(scheme string) inventory.Cloud {
	switch scheme {
	case OSS:
		return inventory.Alibaba
	case OBS:
		return inventory.Huawei
	}
	return inventory.AWS
}

func noCredentials(ref Ref, text string) error {
	return &inventory.Error{Kind: inventory.BadCredentials, Message: "storage: " + ref.Scheme + "://" + ref.Bucket + ": " + text}
}

// profile reads the credentials file of the cloud's command line.
func (i Identity) profile(ref Ref) (Credentials, error) {
	if ref.Scheme == OBS {
		return Credentials{}, noCredentials(ref, "obs has no profiles, use the environment")
	}
	file, pick := i.Home+"/.aliyun/config.json", aliyunProfile
	if ref.Scheme == S3 {
		file, pick = i.Home+"/.aws/credentials", awsProfile
		if named := i.env("AWS_SHARED_CREDENTIALS_FILE").Reveal(); named != "" {
			file = named
		}
	}
	if i.ReadFile == nil || i.Home == "" {
		return Credentials{}, noCredentials(ref, "there is no file of profiles here")
	}
	data, err := i.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Credentials{}, noCredentials(ref, "there is no "+file+" for the profile")
	case err != nil:
		return Credentials{}, noCredentials(ref, "cannot read "+file)
	}
	c, err := pick(data, ref.Profile)
	if err != nil {
		return Credentials{}, noCredentials(ref, file+": "+err.Error())
	}
	return c, nil
}

// awsProfile reads the shared credentials file:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func awsProfile(data []byte, name string) (Credentials, error) {
	var c Credentials
	found, inside := false, false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			inside = strings.TrimSpace(strings.Trim(line, "[]")) == name
			found = found || inside
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !inside || !ok {
			continue
		}
		switch text := secret.New(strings.TrimSpace(value)); strings.ToLower(strings.TrimSpace(key)) {
		case "aws_access_key_id":
			c.ID = text
		case "aws_secret_access_key":
			c.Secret = text
		case "aws_session_token":
			c.Token = text
		}
	}
	return usable(c, found)
}

// aliyunProfile reads the file of Alibaba's command line. It takes keys and temporary keys;
// other modes need calls that this program does not make:
// https://github.com/aliyun/aliyun-cli/blob/master/README.md
func aliyunProfile(data []byte, name string) (Credentials, error) {
	var doc struct {
		Profiles []struct {
			Name, Mode string
			ID         secret.Value `json:"access_key_id"`
			Secret     secret.Value `json:"access_key_secret"`
			Token      secret.Value `json:"sts_token"`
		}
	}
	if json.Unmarshal(data, &doc) != nil {
		return Credentials{}, errors.New("it is not the JSON that it should be")
	}
	for _, p := range doc.Profiles {
		if p.Name != name {
			continue
		}
		switch p.Mode {
		case "AK":
			return usable(Credentials{ID: p.ID, Secret: p.Secret}, true)
		case "StsToken":
			return usable(Credentials{ID: p.ID, Secret: p.Secret, Token: p.Token}, true)
		}
		return Credentials{}, errors.New("the profile is of another mode than AK and StsToken")
	}
	return usable(Credentials{}, false)
}

func usable(c Credentials, found bool) (Credentials, error) {
	switch {
	case !found:
		return Credentials{}, errors.New("it has no profile of this name")
	case c.Empty():
		return Credentials{}, errors.New("the profile has no id or no secret")
	}
	return c, nil
}
