package config

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// DefaultFile is read if nothing names a file, and if it exists.
const DefaultFile = "config.yaml"

// FetchFunc returns a configuration that is not a file. The reference is as the user wrote it, with its scheme.
// Errors must not contain credentials.
type FetchFunc func(ctx context.Context, ref string) ([]byte, error)

// Source says where settings come from. The package reads nothing else, no variable of the process either.
type Source struct {
	// File is what -c names: a path, or a reference such as file:///etc/jms-sync.yaml. "" means
	// JMS_SYNC_CONFIG, then config.yaml, then variables alone.
	File string
	// Env has all variables as os.Environ returns them: settings, and those that ${NAME} uses.
	Env []string
	// ReadFile reads files; nil means os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// Fetchers has the schemes besides file, without "://".
	Fetchers map[string]FetchFunc
	// Language is that of a configuration that names none; "" = Chinese.
	Language language.Lang
	// Clouds are the clouds that accounts can be of.
	Clouds inventory.CloudTable
}

// Load reads and checks all settings. Mistakes of the user come as one *Error with all of them; any other error is
// a failed fetch, or a defect of the program. The value of a setting is the first of: variable, file, Default.
func Load(ctx context.Context, from Source) (Config, error) {
	checked, err := Check(ctx, from)
	return checked.Config, err
}

// Checked is a configuration, and where its settings stand.
type Checked struct {
	Config Config
	// Warnings are what is allowed and has no effect.
	Warnings Mistakes

	source *mistakeCollector
	file   string
	clouds inventory.CloudTable
}

// NewMistake returns a mistake that somebody else found in the setting at a path, with its place.
func (c Checked) NewMistake(path string, text language.Text) Mistake {
	own := &mistakeCollector{places: c.source.places, vars: c.source.vars}
	own.places[path] = own.placeNear(path)
	own.add(path, text)
	own.nameFile(c.file)
	return own.all[0]
}

// Check is Load for those who show more than mistakes.
func Check(ctx context.Context, from Source) (Checked, error) {
	if err := ctx.Err(); err != nil {
		return Checked{}, &language.Error{Text: language.New("读不了配置", "read the configuration"), Err: err}
	}
	l, c, environ := newMistakeCollector(), Default(), env.ToMap(from.Env)
	c.Language = cmp.Or(string(from.Language), c.Language)
	ref, data, err := from.readDocument(ctx, l, environ[EnvConfig])
	if err != nil {
		return Checked{}, err
	}
	newYAMLReader(l, environ).readDocument(ref, data, &c)
	whole := l.isFileReadable(ref)
	if err := overrideFromEnv(l, environ, &c); err != nil {
		return Checked{}, err
	}
	l.readLoggerVariables(environ, &c.Log)
	c.Log.LevelIsSet = l.isSet("log.level")
	if whole {
		checkConfig(l, from.Clouds, &c)
		from.readCA(l, &c.JumpServer)
	}
	if len(l.all) > 0 {
		l.nameFile(ref)
		wrong := &Error{Mistakes: l.sorted(), Lang: language.Lang(c.Language), Notifiable: l.notifiableConfig(&c), read: c, readable: whole}
		wrong.Missing = data == nil && ref == DefaultFile && !namesSettings(environ)
		if whole && !wrong.Missing {
			wrong.Loggable = l.loggableConfig(&c)
		}
		return Checked{}, wrong
	}
	checked := Checked{Config: c, source: l, file: ref, clouds: from.Clouds}
	checked.addWarnings()
	return checked, nil
}

// notifiableConfig returns the configuration, if a channel is enabled and there is no mistake in the channels'
// settings or the proxy; otherwise nil.
func (l *mistakeCollector) notifiableConfig(c *Config) *Config {
	n := &c.Notification
	isEnabled := func(channel Channel) bool { return channel.Enabled }
	if !n.DingTalk.Enabled && !slices.ContainsFunc(n.Channels, isEnabled) {
		return nil
	}
	own := newMistakeCollector()
	if n.DingTalk.Enabled {
		checker{mistakeCollector: own}.checkDingTalk(&n.DingTalk)
	}
	checker{mistakeCollector: own}.checkChannels(n)
	wrong := func(m Mistake) bool {
		return strings.HasPrefix(m.Path, "notification") || strings.HasPrefix(m.Path, "proxy") || strings.HasPrefix(m.Path, "timezone")
	}
	if len(own.all) > 0 || slices.ContainsFunc(l.all, wrong) {
		return nil
	}
	return c
}

// readLoggerVariables reads the variables of the Python tool's logger, where neither the file nor a variable of ours says
// anything. Other programs have variables of these names too, so that what they do not mean for us is left alone.
func (l *mistakeCollector) readLoggerVariables(environ map[string]string, into *Log) {
	for _, s := range listFields(reflect.ValueOf(into).Elem(), "log", settingPrefix+"LOG_") {
		name := map[string]string{"log.level": "LOG_LEVEL", "log.file": "LOG_FILE", "log.json_format": "JSON_LOGS", "log.detailed": "DETAILED_LOGS"}[s.path]
		text := strings.TrimSpace(environ[name])
		if text == "" || l.isSet(s.path) {
			continue
		}
		value, w := parseValue(s.value.Type(), s.tag, text)
		if w == (language.Text{}) {
			s.value.Set(reflect.ValueOf(value))
			l.vars[s.path] = name
		}
	}
}

// namesSettings reports whether variables say anything of what a run needs, so that they are meant to be the
// configuration.
func namesSettings(environ map[string]string) bool {
	for name, value := range environ {
		rest, ours := strings.CutPrefix(name, settingPrefix)
		if !ours || strings.TrimSpace(value) == "" || isProgramVariable(name) {
			continue
		}
		switch group, _, _ := strings.Cut(rest, "_"); group {
		case "LANGUAGE", "TIMEZONE", "ENVIRONMENT", "LOG":
		default:
			return true
		}
	}
	return false
}

// loggableConfig returns the configuration, if there is no mistake in what says where and how to log; otherwise nil.
func (l *mistakeCollector) loggableConfig(c *Config) *Config {
	wrong := func(m Mistake) bool { return isWithin(m.Path, "log") || m.Path == "timezone" }
	if slices.ContainsFunc(l.all, wrong) {
		return nil
	}
	return c
}

// FromEnvironment returns the defaults, and in their place what variables of an environment say. It reads no file, and
// leaves out what is wrong: it is for those who log or speak before there is a configuration.
func FromEnvironment(environ []string) Config {
	c, l := Default(), newMistakeCollector()
	if err := overrideFromEnv(l, env.ToMap(environ), &c); err != nil {
		return Default()
	}
	l.readLoggerVariables(env.ToMap(environ), &c.Log)
	c.Log.LevelIsSet = l.isSet("log.level")
	return c
}

// isFileReadable reports whether it makes sense to check what is missing: no mistake is about the file itself.
func (l *mistakeCollector) isFileReadable(ref string) bool {
	return !slices.ContainsFunc(l.all, func(m Mistake) bool { return m.Path == ref })
}

// readDocument finds the file and returns its bytes, and the name for it in mistakes.
func (s Source) readDocument(ctx context.Context, l *mistakeCollector, named string) (ref string, data []byte, err error) {
	ref, by := s.File, "-c"
	if ref == "" {
		ref, by = named, EnvConfig
	}
	if ref == "" {
		data, err := s.readLocalFile(DefaultFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.addStructural(DefaultFile, place{}, unreadableFile(DefaultFile, err))
		}
		return DefaultFile, data, nil
	}
	scheme, path, found := strings.Cut(ref, "://")
	if found && scheme != "file" {
		return s.fetchDocument(ctx, l, ref, by)
	}
	if !found {
		path = ref
	}
	data, err = s.readLocalFile(path)
	if err != nil {
		l.addStructural(by, place{}, unreadableFile(path, err))
		return by, nil, nil
	}
	return path, data, nil
}

// fetchDocument fetches the document of a reference with a scheme; by is what named it, for mistakes.
func (s Source) fetchDocument(ctx context.Context, l *mistakeCollector, ref, by string) (name string, data []byte, err error) {
	scheme, _, _ := strings.Cut(ref, "://")
	fetch, known := s.Fetchers[scheme]
	if !known {
		list := "file://"
		for _, other := range slices.Sorted(maps.Keys(s.Fetchers)) {
			list += ", " + other + "://"
		}
		l.addStructural(by, place{}, language.New(
			"不认识 "+printable(scheme)+"://，可用的有 "+list+" 和文件路径",
			printable(scheme)+":// is not known, use one of "+list+" or a path",
		))
		return by, nil, nil
	}
	data, err = fetch(ctx, ref)
	if err != nil {
		return "", nil, &language.Error{Text: language.Newf("读不了 %s:// 里的配置", "read the configuration from %s://", scheme), Err: err}
	}
	name, _, _ = strings.Cut(ref, "?") // the part after ? may be a signature
	return name, data, nil
}

// readCA reads the certificates of a private CA, so that a mistake in them is reported with all others.
func (s Source) readCA(l *mistakeCollector, j *JumpServer) {
	if j.CAFile == "" {
		return
	}
	if !j.VerifySSL {
		l.add("jumpserver.ca_file", language.New("verify_ssl 为 false 时没有作用；去掉其中一个", "has no effect while verify_ssl is false; take one of them out"))
		return
	}
	data, err := s.readLocalFile(j.CAFile)
	switch {
	case err != nil:
		l.add("jumpserver.ca_file", unreadableFile(j.CAFile, err))
	case !x509.NewCertPool().AppendCertsFromPEM(data):
		l.add("jumpserver.ca_file", language.New(j.CAFile+" 里没有 PEM 格式的证书", j.CAFile+" holds no certificate in PEM form"))
	default:
		j.CA = data
	}
}

func (s Source) readLocalFile(name string) ([]byte, error) {
	if s.ReadFile != nil {
		return s.ReadFile(name)
	}
	return os.ReadFile(name)
}

func unreadableFile(path string, err error) language.Text {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return language.New("找不到文件 "+path, "there is no file "+path)
	case errors.Is(err, fs.ErrPermission):
		return language.New("没有读取 "+path+" 的权限", "no right to read "+path)
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return language.New("读不了 "+path+"："+err.Error(), "cannot read "+path+": "+err.Error())
}
