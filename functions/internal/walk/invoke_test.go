package walk

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

var invokeLine = regexp.MustCompile(`^(timer|event) invoke -e (\{.*\})$`)

// invoke starts a deployed function's program from its package, with the variables that it was deployed with and the role's key, and sends it an event.
func (w *world) invoke(c call, function, event string) answer {
	variables := w.cloud.deployed[function]
	if variables == nil {
		return w.refuse(c, "function does not exist")
	}
	program, err := unpack(filepath.Join(c.Dir, "dist", "fc-"+function+".zip"), w.TempDir())
	if err != nil {
		return w.refuse(c, err.Error())
	}
	runtime, err := runtimetest.NewFC(w)
	if err != nil {
		return w.refuse(c, err.Error())
	}
	defer runtime.Close()
	env := append([]string{"HOME=" + w.TempDir()}, w.net.variables()...)
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	process, err := runtime.Start(w.Context(), program, env)
	if err != nil {
		return w.refuse(c, err.Error())
	}
	got, err := runtime.Invoke(w.Context(), []byte(event), runtimetest.Options{KeyID: deployID, KeySecret: deploySecret})
	if err != nil || !got.OK {
		return w.refuse(c, process.Output()+string(got.Body)+got.ErrorMessage)
	}
	return answer{Out: "Invoke Result:\n" + string(got.Body) + "\n"}
}

// unpack writes the program of a package into a folder.
func unpack(file, into string) (string, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = archive.Close() }()
	from, err := archive.File[0].Open()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(from)
	if err != nil {
		return "", err
	}
	program := filepath.Join(into, "bootstrap")
	return program, os.WriteFile(program, text, 0o700) //nolint:gosec // a program
}
