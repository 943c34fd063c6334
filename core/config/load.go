package config

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// DefaultFile is read where nothing names a file, if it exists.
const DefaultFile = "config.yaml"

// FetchFunc gives the bytes of a configuration that is not a file. The reference is as the user
// wrote it, with its scheme. Errors must not hold credentials.
type FetchFunc func(ctx context.Context, ref string) ([]byte, error)

// Source says where settings come from. The package asks nothing else: no variable of the
// process is read behind it.
type Source struct {
	// File is what -c names: a path, or a reference such as file:///etc/jms-sync.yaml.
	// "" leaves it to JMS_SYNC_CONFIG, then to config.yaml, then to the variables alone.
	File string
	// Env holds the variables as os.Environ gives them, all of them: settings, and those that
	// ${NAME} takes.
	Env []string
	// ReadFile reads files; nil means os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// Fetchers holds the schemes besides file, without "://".
	Fetchers map[string]FetchFunc
	// Clouds are the clouds that accounts can be of.
	Clouds inventory.CloudTable
}

// Load reads and checks all settings. What the user did wrong comes as one *Error with all
// mistakes; any other error is a failed Fetch, or a fault of the program.
// A value stands where the first of these gives one: variable, file, Default.
func Load(ctx context.Context, from Source) (Config, error) {
	if err := ctx.Err(); err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	l, c, environ := newMistakeCollector(), Default(), env.ToMap(from.Env)
	ref, data, err := from.readDocument(ctx, l, environ[EnvConfig])
	if err != nil {
		return Config{}, err
	}
	yamlReader{l, environ}.readDocument(ref, data, &c)
	whole := l.isFileReadable(ref)
	if err := overrideFromEnv(l, environ, &c); err != nil {
		return Config{}, err
	}
	if whole {
		checkConfig(l, from.Clouds, &c)
		from.readCA(l, &c.JumpServer)
	}
	if len(l.all) > 0 {
		return Config{}, &Error{Mistakes: l.sorted(), Lang: c.Language, Notifiable: l.notifiableConfig(&c)}
	}
	return c, nil
}

// notifiableConfig returns what was read, where the robot is on and nothing is wrong with its settings or the proxy.
func (l *mistakeCollector) notifiableConfig(c *Config) *Config {
	d := &c.Notification.DingTalk
	if !d.Enabled || d.Webhook.IsEmpty() {
		return nil
	}
	own := newMistakeCollector()
	checker{mistakeCollector: own}.checkDingTalk(d)
	wrong := func(m Mistake) bool {
		return strings.HasPrefix(m.Path, "notification") || strings.HasPrefix(m.Path, "proxy") || strings.HasPrefix(m.Path, "timezone")
	}
	if len(own.all) > 0 || slices.ContainsFunc(l.all, wrong) {
		return nil
	}
	return c
}

// isFileReadable tells whether the file could be read so far that it makes sense to check what is
// missing: no mistake is about the file itself.
func (l *mistakeCollector) isFileReadable(ref string) bool {
	return !slices.ContainsFunc(l.all, func(m Mistake) bool { return m.Path == ref })
}

// readDocument finds the file and gives its bytes, and the name by which mistakes call it.
func (s Source) readDocument(ctx context.Context, l *mistakeCollector, named string) (ref string, data []byte, err error) {
	ref, by := s.File, "-c"
	if ref == "" {
		ref, by = named, EnvConfig
	}
	if ref == "" {
		data, err := s.readLocalFile(DefaultFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.addStructural(DefaultFile, 0, unreadableFile(DefaultFile, err))
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
	if data, err = s.readLocalFile(path); err != nil {
		l.addStructural(by, 0, unreadableFile(path, err))
		return by, nil, nil
	}
	return path, data, nil
}

// fetchDocument gets the bytes that a reference with a scheme names; by says who named it.
func (s Source) fetchDocument(ctx context.Context, l *mistakeCollector, ref, by string) (name string, data []byte, err error) {
	scheme, _, _ := strings.Cut(ref, "://")
	fetch, known := s.Fetchers[scheme]
	if !known {
		list := "file://"
		for _, other := range slices.Sorted(maps.Keys(s.Fetchers)) {
			list += ", " + other + "://"
		}
		l.addStructural(by, 0, bilingual{
			"不认识 " + printable(scheme) + "://，可用的有 " + list + " 和文件路径",
			printable(scheme) + ":// is not known, use one of " + list + " or a path",
		})
		return by, nil, nil
	}
	if data, err = fetch(ctx, ref); err != nil {
		return "", nil, fmt.Errorf("read the configuration from %s://: %w", scheme, err)
	}
	name, _, _ = strings.Cut(ref, "?") // what follows may be a signature
	return name, data, nil
}

// readCA reads the certificates of a private CA, so that a mistake in them is told with all others.
func (s Source) readCA(l *mistakeCollector, j *JumpServer) {
	if j.CAFile == "" {
		return
	}
	if !j.VerifySSL {
		l.add("jumpserver.ca_file", bilingual{"verify_ssl 为 false 时没有作用；去掉其中一个", "has no effect while verify_ssl is false; take one of them out"})
		return
	}
	data, err := s.readLocalFile(j.CAFile)
	switch {
	case err != nil:
		l.add("jumpserver.ca_file", unreadableFile(j.CAFile, err))
	case !x509.NewCertPool().AppendCertsFromPEM(data):
		l.add("jumpserver.ca_file", bilingual{j.CAFile + " 里没有 PEM 格式的证书", j.CAFile + " holds no certificate in PEM form"})
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

func unreadableFile(path string, err error) bilingual {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bilingual{"找不到文件 " + path, "there is no file " + path}
	case errors.Is(err, fs.ErrPermission):
		return bilingual{"没有读取 " + path + " 的权限", "no right to read " + path}
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return bilingual{"读不了 " + path + "：" + err.Error(), "cannot read " + path + ": " + err.Error()}
}
