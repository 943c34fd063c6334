package storage

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/language"
)

// The schemes that ParseRef knows.
const (
	SchemeFile = "file"
	SchemeOSS  = "oss"
	SchemeOBS  = "obs"
	SchemeS3   = "s3"
)

// Schemes returns the schemes that ParseRef knows, in the order of the documentation.
func Schemes() []string { return []string{SchemeFile, SchemeOSS, SchemeOBS, SchemeS3} }

// Ref names an object, or a prefix of objects.
type Ref struct {
	Scheme string
	Bucket string // "" only for a file
	Key    string // without a leading slash, "" = the whole bucket; for a file the path as written
	Region string
	// Endpoint is "" or http(s)://host[:port], without the bucket.
	Endpoint string
	// PathStyle sends the bucket in the path; always so where the endpoint's host is an address.
	PathStyle bool
	Profile   string // of the cloud's credentials file, "" = none
}

// String returns scheme, bucket and key, without the query.
func (r Ref) String() string {
	if r.Scheme == SchemeFile {
		return SchemeFile + "://" + r.Key
	}
	return r.Scheme + "://" + r.Bucket + "/" + r.Key
}

// ParseRef reads "oss://bucket/key?region=…", the same with obs and s3, "file:///path" or a plain
// path. The query takes region, endpoint, path_style and profile. Errors are of the kind Invalid,
// say what is wrong and never repeat a value of the query.
func ParseRef(ref string) (Ref, error) {
	scheme, rest, found := strings.Cut(ref, "://")
	switch {
	case ref == "":
		return Ref{}, newInvalidError(language.New("没有写地址", "the reference is empty"))
	case !found:
		scheme, rest = SchemeFile, ref
	case !slices.Contains(Schemes(), scheme):
		return Ref{}, newInvalidError(withKnown(language.New("不认识 "+quoteName(scheme), "unknown scheme "+quoteName(scheme)), scheme, Schemes(), "://"))
	}
	if scheme == SchemeFile {
		if rest == "" {
			return Ref{}, newInvalidError(language.New("file:// 之后没有路径", "the path is missing after file://"))
		}
		return Ref{Scheme: SchemeFile, Key: rest}, nil
	}
	where, query, _ := strings.Cut(rest, "?")
	bucket, key, _ := strings.Cut(where, "/")
	r := Ref{Scheme: scheme, Bucket: bucket, Key: key}
	if !bucketPattern.MatchString(bucket) {
		return Ref{}, newInvalidError(language.New(scheme+"://: 桶名应为 3 到 63 个 a-z、0-9、- 和 .", scheme+"://: the name of the bucket must be 3 to 63 of a-z, 0-9, - and ."))
	}
	if strings.Contains(query, "#") || strings.Contains(where, "#") {
		return Ref{}, newInvalidError(language.New(scheme+"://: 不能有 #", scheme+"://: the reference must not have a #"))
	}
	if err := r.parseQuery(query); err != nil {
		return Ref{}, err
	}
	if key != "" {
		if err := CheckKey(strings.TrimSuffix(key, "/")); err != nil {
			return Ref{}, err
		}
	}
	return r, nil
}

// bucketPattern is what all stores take; a name with other characters would be one part of a URL or another.
var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

var regionPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// parseQuery takes the query's settings.
func (r *Ref) parseQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return newInvalidError(language.New(r.Scheme+"://: ? 之后应为 名称=值&名称=值", r.Scheme+"://: what follows ? is not name=value&name=value"))
	}
	names := []string{"region", "endpoint", "path_style", "profile"}
	for name, given := range values {
		switch {
		case !slices.Contains(names, name):
			return newInvalidError(withKnown(language.New(r.Scheme+"://: 不认识设置 "+quoteName(name), r.Scheme+"://: unknown setting "+quoteName(name)), name, names, "="))
		case len(given) != 1 || given[0] == "":
			return newInvalidError(language.New(r.Scheme+"://: "+name+" 要有一个值", r.Scheme+"://: "+name+" must have one value"))
		}
	}
	r.Region, r.Profile = values.Get("region"), values.Get("profile")
	if r.Region != "" && !regionPattern.MatchString(r.Region) {
		return newInvalidError(language.New(r.Scheme+"://: region 应为 cn-hangzhou 这样的地域 ID", r.Scheme+"://: region is no id of a region, such as cn-hangzhou"))
	}
	if text := values.Get("path_style"); text != "" {
		r.PathStyle, err = strconv.ParseBool(text)
		if err != nil {
			return newInvalidError(language.New(r.Scheme+"://: path_style 应为 true 或 false", r.Scheme+"://: path_style must be true or false"))
		}
	}
	return r.parseEndpoint(values.Get("endpoint"))
}

// parseEndpoint takes the endpoint. Without a scheme it is HTTPS.
func (r *Ref) parseEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || (u.Path != "" && u.Path != "/") {
		return newInvalidError(language.New(r.Scheme+"://: endpoint 应为 [http(s)://]主机[:端口]", r.Scheme+"://: endpoint is not [http(s)://]host[:port]"))
	}
	r.Endpoint = u.Scheme + "://" + u.Host
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		r.PathStyle = true
	}
	return nil
}

func quoteName(name string) string { return strconv.Quote(httpx.Truncate(name, 40)) }

// withKnown adds to a text what a name was probably meant to be, or what there is.
func withKnown(text language.Text, name string, known []string, after string) language.Text {
	letters := func(text string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(text))
	}
	for _, k := range known {
		if len(name) < 40 && isNear(letters(name), letters(k)) {
			return language.New(text.ZH+"，是不是 "+k+after+"？", text.EN+", did you mean "+k+after+"?")
		}
	}
	return language.New(text.ZH+"，可用的有 "+strings.Join(known, "、"), text.EN+", known are "+strings.Join(known, ", "))
}

// isNear reports whether one letter more, less, other or swapped makes b of a.
func isNear(a, b string) bool {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	a, b = a[start:], b[start:]
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || (len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0])
}
