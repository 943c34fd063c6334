package main

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxPackageBytes is the smallest limit of the platforms: FunctionGraph accepts 40 MB by its API, Lambda 50 MB, Function
// Compute 100 MB.
const maxPackageBytes = 40 << 20

// packFunction packs the one program of a function as bootstrap, which is its name on all platforms. It refuses a
// program that the platform could not start, before the first invocation does.
func packFunction(out string, args []string, arch string, at time.Time, stdout io.Writer) error {
	if len(args) != 1 || filepath.Base(args[0]) != "bootstrap" {
		return fmt.Errorf("function: one file named bootstrap is needed")
	}
	if err := checkStartable(args[0], arch); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := writeArchive(out, []entry{{name: "bootstrap", from: args[0], program: true}}, at); err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	if info.Size() > maxPackageBytes {
		return fmt.Errorf("%s has %d bytes, the platforms take %d", out, info.Size(), maxPackageBytes)
	}
	fmt.Fprintf(stdout, "%s: %.1f MB, linux/%s, static\n", out, float64(info.Size())/(1<<20), arch)
	return nil
}

// checkStartable returns an error unless a file is a static Linux program for the architecture.
func checkStartable(name, arch string) (err error) {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	want, known := machines[arch]
	if !known {
		return fmt.Errorf("-arch %s: amd64 or arm64", arch)
	}
	file, err := elf.Open(name)
	if err != nil {
		return fmt.Errorf("no Linux program: %w", err)
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	if file.Machine != want || file.Class != elf.ELFCLASS64 {
		return fmt.Errorf("a program for %s, not for %s", file.Machine, want)
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN {
		return fmt.Errorf("%s is no program", file.Type)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("it needs a dynamic loader; build with CGO_ENABLED=0")
		}
	}
	return nil
}
