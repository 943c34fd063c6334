package check

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
	rpmutils "github.com/sassoftware/go-rpmutils"
)

const repository = "../../.."

// file is a file of an artefact.
type file struct {
	mode os.FileMode
	text []byte
}

// release is the folder that JMS_SYNC_TEST_RELEASE names.
type release struct {
	*testing.T
	dir     string
	version string // of its names
}

func openRelease(t *testing.T) release {
	t.Helper()
	dir := os.Getenv("JMS_SYNC_TEST_RELEASE")
	if dir == "" {
		t.Skip("NO RELEASE WAS OPENED: make release-open names it in JMS_SYNC_TEST_RELEASE")
	}
	charts, err := filepath.Glob(filepath.Join(dir, "jms-sync_*_helm.tar.gz"))
	if err != nil || len(charts) != 1 {
		t.Fatalf("%s: charts %v %v", dir, charts, err)
	}
	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(charts[0]), "jms-sync_"), "_helm.tar.gz")
	return release{t, dir, version}
}

func (r release) read(name string) []byte {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.Fatal(err)
	}
	return text
}

// names lists the files of the release that end with a suffix.
func (r release) names(suffix string) []string {
	r.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "*"+suffix))
	if err != nil {
		r.Fatal(err)
	}
	for n, name := range found {
		found[n] = filepath.Base(name)
	}
	return found
}

// unpack returns the files of an artefact by their paths.
func (r release) unpack(name string) map[string]file {
	r.Helper()
	text := r.read(name)
	var files map[string]file
	var err error
	switch {
	case strings.HasSuffix(name, ".zip"):
		files, err = readZip(text)
	case strings.HasSuffix(name, ".tar.gz"):
		files, err = readTar(bytes.NewReader(text))
	case strings.HasSuffix(name, ".deb"):
		files, err = readDeb(text)
	case strings.HasSuffix(name, ".rpm"):
		files, err = readRPM(text)
	default:
		err = errors.New("no archive")
	}
	if err != nil || len(files) == 0 {
		r.Fatalf("%s: %d files, %v", name, len(files), err)
	}
	return files
}

func readZip(text []byte) (map[string]file, error) {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, f := range z.File {
		body, err := f.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		files[f.Name] = file{f.Mode(), content}
	}
	return files, nil
}

func readTar(from io.Reader) (map[string]file, error) {
	g, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for t := tar.NewReader(g); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Uid != 0 || header.Gid != 0 {
			return nil, fmt.Errorf("%s belongs to %d:%d", header.Name, header.Uid, header.Gid)
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		files[path.Clean("/" + header.Name)[1:]] = file{header.FileInfo().Mode(), content}
	}
}

// readDeb returns the files of a package, and its control files below DEBIAN/.
func readDeb(text []byte) (map[string]file, error) {
	files := map[string]file{}
	for a := ar.NewReader(bytes.NewReader(text)); ; {
		header, err := a.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		below := ""
		switch {
		case strings.HasPrefix(header.Name, "control.tar.gz"):
			below = "DEBIAN/"
		case !strings.HasPrefix(header.Name, "data.tar.gz"):
			continue
		}
		part, err := readTar(a)
		if err != nil {
			return nil, err
		}
		for name, f := range part {
			files[below+name] = f
		}
	}
}

// readRPM returns the files of a package, and its scripts and names below RPM/.
func readRPM(text []byte) (map[string]file, error) {
	p, err := rpmutils.ReadRpm(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for name, tag := range map[string]int{"version": rpmutils.VERSION, "arch": rpmutils.ARCH, "license": rpmutils.LICENSE,
		"postin": rpmutils.POSTIN, "preun": rpmutils.PREUN, "postun": rpmutils.POSTUN, "buildhost": rpmutils.BUILDHOST} {
		value, err := p.Header.GetString(tag)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files["RPM/"+name] = file{0, []byte(value)}
	}
	all, err := p.Header.GetFiles()
	if err != nil {
		return nil, err
	}
	modes := map[string]os.FileMode{}
	for _, f := range all {
		mode := os.FileMode(f.Mode() & 0o777)
		if f.Mode()&0o170000 == 0o040000 {
			mode |= os.ModeDir
		}
		modes[f.Name()] = mode
		files[f.Name()[1:]] = file{mode: mode}
		if f.UserName() != "root" || f.GroupName() != "root" {
			return nil, fmt.Errorf("%s belongs to %s:%s", f.Name(), f.UserName(), f.GroupName())
		}
	}
	payload, err := p.PayloadReaderExtended()
	if err != nil {
		return nil, err
	}
	for {
		info, err := payload.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(payload)
		if err != nil {
			return nil, err
		}
		files[info.Name()[1:]] = file{modes[info.Name()], content}
	}
}
