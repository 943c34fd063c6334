package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// entry is one file of an archive.
type entry struct {
	name    string // in the archive, with slashes
	from    string
	program bool
}

func (e entry) mode() fs.FileMode {
	if e.program {
		return 0o755
	}
	return 0o644
}

// writeArchive writes an archive of the kind that its name says. An existing file is replaced as a whole, so that half
// an archive is never deployed.
func writeArchive(out string, entries []entry, at time.Time) (err error) {
	pack := writeTar
	switch {
	case strings.HasSuffix(out, ".zip"):
		pack = writeZip
	case !strings.HasSuffix(out, ".tar.gz"):
		return fmt.Errorf("%s: neither .zip nor .tar.gz", out)
	}
	file, err := os.CreateTemp(filepath.Dir(out), ".pack-*")
	if err != nil {
		return err
	}
	err = errors.Join(pack(file, entries, at), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func writeZip(w io.Writer, entries []entry, at time.Time) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(e.mode())
		body, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if err := copyFile(body, e.from); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeTar(w io.Writer, entries []entry, at time.Time) error {
	g, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(g)
	for _, e := range entries {
		info, err := os.Stat(e.from)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Size: info.Size(), Mode: int64(e.mode()), ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		if err := copyFile(t, e.from); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), g.Close())
}

func copyFile(to io.Writer, name string) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, file.Close())
	}()
	_, err = io.Copy(to, file)
	return err
}
