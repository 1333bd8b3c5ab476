package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// folder is a key folder on disk. Its files are read by their owner alone, and
// a file is either the old one or the new one, whole, whatever happens between.
type folder string

// maxFile bounds what is read of any file; a key's file is some 4 KB.
const maxFile = 1 << 20

// writers is how many files of a batch are brought to disk at a time: file
// systems gather concurrent syncs into one commit of their journal, so that
// fifty new keys take about as long as a few.
const writers = 16

// staged marks a file not yet committed. Reading skips such names, so that one
// left by a crash does no harm.
const staged = ".staged-"

// file is a name in the folder and what it should hold.
type file struct {
	name string
	data []byte
}

func (d folder) path(name string) string { return filepath.Join(string(d), name) }

// check refuses a folder that others may enter.
func (d folder) check() error {
	info, err := os.Stat(string(d))
	if err != nil {
		return fmt.Errorf("open key folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", d)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s: %w (mode %04o); run: chmod 700 %[1]s", string(d), ErrExposed, mode)
	}
	return nil
}

// read gives a file's bytes, if only its owner may read and write it.
func (d folder) read(name string) ([]byte, error) {
	path := d.path(name)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: %w (mode %04o); run: chmod 600 %[1]s", path, ErrExposed, mode)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w (%d bytes)", path, ErrDamaged, info.Size())
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

// keyNames lists the key files. A JSON file of another shape is refused rather
// than skipped: it is most likely a key under a wrong name.
func (d folder) keyNames() ([]string, error) {
	list, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range list {
		name := item.Name()
		kid, isJSON := strings.CutSuffix(name, ".json")
		if !isJSON || name == masterName {
			continue
		}
		if !isKID(kid) {
			return nil, fmt.Errorf("%s: %w (no key file has such a name; move it out of the folder)", d.path(name), ErrDamaged)
		}
		names = append(names, name)
	}
	return names, nil
}

// write puts files into the folder: all are on disk before the first takes its
// name, and the folder is synced once for all. A crash, or an error, between
// two names leaves some files new and the others as they were.
func (d folder) write(files ...file) error {
	temps, err := d.stage(files)
	if err == nil {
		err = d.commit(files, temps)
	}
	if err != nil {
		for _, t := range temps {
			_ = os.Remove(t) // not there any more where it was committed
		}
		return fmt.Errorf("write key folder: %w", err)
	}
	return nil
}

// stage writes and syncs the files under temporary names, which it gives in the
// files' order; on an error, those that it could make.
func (d folder) stage(files []file) ([]string, error) {
	temps, errs := make([]string, len(files)), make([]error, len(files))
	var wg sync.WaitGroup
	slots := make(chan struct{}, writers)
	for i, f := range files {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			temps[i], errs[i] = d.stageOne(f)
		})
	}
	wg.Wait()
	return temps, errors.Join(errs...)
}

func (d folder) stageOne(f file) (temp string, err error) {
	t, err := os.CreateTemp(string(d), staged+"*") // made 0600
	if err != nil {
		return "", err
	}
	_, err = t.Write(f.data)
	if err == nil {
		err = t.Sync()
	}
	if closed := t.Close(); err == nil {
		err = closed
	}
	return t.Name(), err
}

func (d folder) commit(files []file, temps []string) error {
	for i, f := range files {
		if err := os.Rename(temps[i], d.path(f.name)); err != nil {
			return err
		}
	}
	return d.sync()
}

// sync brings the folder's names to disk.
func (d folder) sync() error {
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	err = f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// remove deletes a file, for good even after a crash.
func (d folder) remove(name string) error {
	if err := os.Remove(d.path(name)); err != nil {
		return err
	}
	return d.sync()
}

// createFolder makes dir with the given files, all or nothing: they are laid
// out in a folder beside it, which then takes its name. So of two processes
// that create the same folder one wins and the other gets ErrExists, and a
// crash leaves no half-made folder in dir's place.
func createFolder(dir string, files ...file) error {
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return fmt.Errorf("create key folder: %w", err)
	}
	temp, err := os.MkdirTemp(parent, staged+"*") // made 0700
	if err != nil {
		return fmt.Errorf("create key folder: %w", err)
	}
	defer os.RemoveAll(temp) // nothing there any more once it took its name
	if err := folder(temp).write(files...); err != nil {
		return err
	}
	if err := takePlace(temp, dir); err != nil {
		return err
	}
	return folder(parent).sync()
}

// takePlace gives a new folder its name. An empty folder may be in the way,
// made by an administrator or a package; the system removes no other.
func takePlace(temp, dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err == nil && info.IsDir():
		err = os.Remove(dir)
	case err == nil:
		err = fs.ErrExist
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(temp, dir)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w; nothing was changed", dir, ErrExists)
	case err != nil:
		return fmt.Errorf("create key folder (where it is a volume of its own, name a folder inside it): %w", err)
	}
	return nil
}
