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

// IsEmpty reports whether there is nothing to sign with.
func (c Credentials) IsEmpty() bool { return c.ID.IsEmpty() || c.Secret.IsEmpty() }

// CredentialSource is where credentials come from. What is nil or empty has none.
type CredentialSource struct {
	// Role holds the temporary credentials of a function's role. They are those of RoleCloud, and
	// are never sent to another cloud's store.
	Role      Credentials
	RoleCloud inventory.Cloud
	// Env looks a variable of the process up; "" = not set.
	Env func(name string) string
	// ReadFile reads the files that hold profiles.
	ReadFile func(name string) ([]byte, error)
	Home     string // the user's folder, where those files are
}

// CredentialsFor returns the credentials for a reference: of the profile where it names one, for that is what
// was asked for; else of the function's role; else of the environment. The error is of the kind
// BadCredentials, and names where was looked.
func (i CredentialSource) CredentialsFor(ref Ref) (Credentials, error) {
	switch {
	case ref.Scheme == SchemeFile:
		return Credentials{}, nil
	case ref.Profile != "":
		return i.loadProfile(ref)
	case i.RoleCloud == cloudOf(ref.Scheme) && !i.Role.IsEmpty():
		return i.Role, nil
	}
	var looked []string
	for _, names := range envNames(ref.Scheme) {
		c := Credentials{ID: i.envValue(names[0]), Secret: i.envValue(names[1]), Token: i.envValue(names[2])}
		if !c.IsEmpty() {
			return c, nil
		}
		if c.ID.IsEmpty() != c.Secret.IsEmpty() {
			return Credentials{}, newNoCredentialsError(ref, "only one of "+names[0]+" and "+names[1]+" is set")
		}
		looked = append(looked, names[0]+" and "+names[1])
	}
	return Credentials{}, newNoCredentialsError(ref, "no credentials: the function has no role of this cloud, and the environment has neither "+
		strings.Join(looked, " nor "))
}

func (i CredentialSource) envValue(name string) secret.Value {
	if i.Env == nil {
		return secret.Value{}
	}
	return secret.New(i.Env(name))
}

// envNames returns the variables of id, secret and token, as the cloud's own SDKs and tools call them.
func envNames(scheme string) [][3]string {
	switch scheme {
	case SchemeOSS:
		return [][3]string{{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"}}
	case SchemeOBS:
		return [][3]string{
			{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
			{"OBS_ACCESS_KEY_ID", "OBS_SECRET_ACCESS_KEY", "OBS_SECURITY_TOKEN"},
		}
	}
	return [][3]string{{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}}
}

func cloudOf(scheme string) inventory.Cloud {
	switch scheme {
	case SchemeOSS:
		return inventory.Alibaba
	case SchemeOBS:
		return inventory.Huawei
	}
	return inventory.AWS
}

func newNoCredentialsError(ref Ref, text string) error {
	return &inventory.Error{Kind: inventory.BadCredentials, Message: "storage: " + ref.Scheme + "://" + ref.Bucket + ": " + text}
}

// loadProfile reads the credentials file of the cloud's command line.
func (i CredentialSource) loadProfile(ref Ref) (Credentials, error) {
	if ref.Scheme == SchemeOBS {
		return Credentials{}, newNoCredentialsError(ref, "obs has no profiles, use the environment")
	}
	file, pick := i.Home+"/.aliyun/config.json", parseAliyunProfile
	if ref.Scheme == SchemeS3 {
		file, pick = i.Home+"/.aws/credentials", parseAWSProfile
		if named := i.envValue("AWS_SHARED_CREDENTIALS_FILE").Reveal(); named != "" {
			file = named
		}
	}
	if i.ReadFile == nil || i.Home == "" {
		return Credentials{}, newNoCredentialsError(ref, "there is no file of profiles here")
	}
	data, err := i.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Credentials{}, newNoCredentialsError(ref, "there is no "+file+" for the profile")
	case err != nil:
		return Credentials{}, newNoCredentialsError(ref, "cannot read "+file)
	}
	c, err := pick(data, ref.Profile)
	if err != nil {
		return Credentials{}, newNoCredentialsError(ref, file+": "+err.Error())
	}
	return c, nil
}

// parseAWSProfile reads the shared credentials file:
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func parseAWSProfile(data []byte, name string) (Credentials, error) {
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
	return checkProfile(c, found)
}

// parseAliyunProfile reads the file of Alibaba's command line. It takes keys and temporary keys;
// other modes need calls that this program does not make:
// https://github.com/aliyun/aliyun-cli/blob/master/README.md
func parseAliyunProfile(data []byte, name string) (Credentials, error) {
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
			return checkProfile(Credentials{ID: p.ID, Secret: p.Secret}, true)
		case "StsToken":
			return checkProfile(Credentials{ID: p.ID, Secret: p.Secret, Token: p.Token}, true)
		}
		return Credentials{}, errors.New("the profile is of another mode than AK and StsToken")
	}
	return checkProfile(Credentials{}, false)
}

func checkProfile(c Credentials, found bool) (Credentials, error) {
	switch {
	case !found:
		return Credentials{}, errors.New("it has no profile of this name")
	case c.IsEmpty():
		return Credentials{}, errors.New("the profile has no id or no secret")
	}
	return c, nil
}
