package folderc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/moxkit/mox/connector"
)

// Dir is an open folder with all below it: one of this machine's, or another's (package sftpc). Names are below it, with /
// between folders, and no link leads out of it. Errors are those of package os; [ErrLost] says that a folder far away was
// asked, and that no answer came.
type Dir interface {
	ReadDir() ([]fs.DirEntry, error) // in any order
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	// Open opens a file to be read, and nothing that only looks like one: that is errIrregular, or another error that is
	// neither fs.ErrNotExist nor fs.ErrPermission.
	Open(name string) (fs.File, error)
	Create(name string, perm fs.FileMode) (File, error) // a new file; a name that is taken is an error
	Rename(from, to string) error                       // takes the place of a file that is there
	Remove(name string) error
	MkdirAll(name string) error
	Sync() error // makes what was renamed safe
	// Same reports whether two looks were at the same file, to which nothing was written in between.
	Same(a, b fs.FileInfo) bool
	// Coarse says that Same knows sizes, and times in whole seconds, and nothing more.
	Coarse() bool
	Close() error
}

// File is a file being written.
type File interface {
	io.WriteCloser
	Sync() error
}

// ErrLost is the error of an operation that was asked for, and of which no answer came.
var ErrLost = errors.New("forbindelsen blev afbrudt, før serveren svarede")

var errIrregular = errors.New("ingen almindelig fil")

// Place is where a folder is, and how to open it.
type Place struct {
	Name    string                                 // for people
	Missing string                                 // what to ask when it is not there
	Open    func(ctx context.Context) (Dir, error) // the folder is used, and closed, while ctx lives
	Close   func() error                           // nil = there is nothing to end
}

// local is a folder of this machine's.
func local(folder string) Place {
	return Place{Name: folder, Missing: "findes mappen, og er drevet tilsluttet?", Open: func(context.Context) (Dir, error) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, err
		}
		return localDir{root}, nil
	}}
}

func (p Place) close() error {
	if p.Close == nil {
		return nil
	}
	return p.Close()
}

// failure makes the error of a call to the folder. Trying again may always help: folders come and go with networks, and
// rights are given.
func (p Place) failure(op string, err error) *connector.Error { return p.below("", op, err) }

// below is failure for a folder below the place.
func (p Place) below(folder, op string, err error) *connector.Error {
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "; " + p.Missing
	case errors.Is(err, fs.ErrPermission):
		hint = "; giv den bruger, MOX kører som, ret til at læse, skrive og omdøbe i mappen"
	}
	name := p.Name
	if folder != "" {
		name += "/" + folder
	}
	return &connector.Error{Op: op, Err: fmt.Errorf("mappen %s: %w%s", name, unwrapPath(err), hint), Temporary: true}
}

// unwrapPath takes the paths off an error from package os: the caller names the folder.
func unwrapPath(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	if l, ok := err.(*os.LinkError); ok {
		return l.Err
	}
	return err
}

// localDir is a [Dir] of this machine's.
type localDir struct{ *os.Root }

func (d localDir) ReadDir() ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.FS(), ".")
	for i, e := range entries {
		entries[i] = localEntry{e, d}
	}
	return entries, err
}

// localEntry looks at the file below its folder, whatever has been put in the folder's place since.
type localEntry struct {
	fs.DirEntry
	dir localDir
}

func (e localEntry) Info() (fs.FileInfo, error) { return e.dir.Lstat(e.Name()) }

func (d localDir) Open(name string) (fs.File, error) {
	info, err := d.Stat(name) // before it is opened: to open a pipe is to wait
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	return d.Root.Open(name)
}

func (d localDir) Create(name string, perm fs.FileMode) (File, error) {
	return d.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
}

func (d localDir) MkdirAll(name string) error { return d.Root.MkdirAll(name, 0o755) }

func (d localDir) Same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (d localDir) Coarse() bool { return false }

func (d localDir) Sync() error {
	f, err := d.Root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
