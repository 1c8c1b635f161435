// Package bucket is S3 with its objects as files in a folder, so that a lake outlives a restart and can be read where it
// lies: DIR/<bucket>/<key>, escaped as in a URL. What S3 knows of an object besides its content stands in a second tree,
// DIR/.about. It serves what the suite's functions use, by gofakes3: objects, conditional and multipart writes, ranges
// and lists; versions, policies and life cycles are left out.
//
// An object is replaced as a whole or not at all. A key cannot be both an object and the folder of another one.
package bucket

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// Handler serves the buckets in the folder, which it creates, at path-style addresses. What goes wrong within is logged.
// created, where it is not nil, is told of each object that was made, before its maker is answered.
func Handler(dir string, log *slog.Logger, created func(Created)) (http.Handler, error) {
	if err := os.MkdirAll(filepath.Join(dir, aboutDir), 0o755); err != nil {
		return nil, err
	}
	objects := &store{dir: dir}
	server := gofakes3.New(objects, gofakes3.WithLogger(logger{log}), gofakes3.WithoutVersioning()).Server()
	if created == nil {
		return server, nil
	}
	return &notifier{server: server, objects: objects, created: created}, nil
}

type logger struct{ *slog.Logger }

func (l logger) Print(level gofakes3.LogLevel, v ...any) {
	if level == gofakes3.LogErr {
		l.Warn("s3", "error", fmt.Sprint(v...))
	}
}

const aboutDir = ".about"

// store keeps objects as files.
type store struct {
	dir string
	mu  sync.RWMutex // held for writing while files take their places
}

// about is what is kept of an object besides its content.
type about struct {
	Metadata map[string]string `json:"metadata,omitempty"`
	MD5      string            `json:"md5"` // hex
	Modified time.Time         `json:"modified"`
}

// file is the path of an object below a tree's root.
func file(bucket, key string) (string, error) {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		switch s {
		case "", ".", "..":
			return "", gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "a key on this machine has no empty part and none of dots: %q", key)
		}
		segments[i] = url.PathEscape(s)
	}
	return filepath.Join(append([]string{bucket}, segments...)...), nil
}

// key is the key of an object by its path below its bucket's folder.
func key(path string) (string, error) {
	segments := strings.Split(filepath.ToSlash(path), "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return "", err
		}
		segments[i] = plain
	}
	return strings.Join(segments, "/"), nil
}

func (s *store) BucketExists(name string) (bool, error) {
	if name == aboutDir {
		return false, nil
	}
	info, err := os.Stat(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

func (s *store) CreateBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, name), 0o755); errors.Is(err, fs.ErrExist) {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	} else if err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(s.dir, aboutDir, name), 0o755)
}

func (s *store) ListBuckets() ([]gofakes3.BucketInfo, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var buckets []gofakes3.BucketInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && e.Name() != aboutDir {
			buckets = append(buckets, gofakes3.BucketInfo{Name: e.Name(), CreationDate: gofakes3.NewContentTime(info.ModTime())})
		}
	}
	return buckets, nil
}

func (s *store) DeleteBucket(name string) error {
	if err := s.known(name); err != nil {
		return err
	}
	list, err := s.ListBucket(name, nil, gofakes3.ListBucketPage{MaxKeys: 1})
	if err != nil {
		return err
	}
	if len(list.Contents) > 0 {
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	return s.ForceDeleteBucket(name)
}

func (s *store) ForceDeleteBucket(name string) error {
	if err := s.known(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(os.RemoveAll(filepath.Join(s.dir, name)), os.RemoveAll(filepath.Join(s.dir, aboutDir, name)))
}

func (s *store) known(bucket string) error {
	exists, err := s.BucketExists(bucket)
	if err == nil && !exists {
		return gofakes3.BucketNotFound(bucket)
	}
	return err
}

// read returns an open object, or the error of one that is not there.
func (s *store) read(bucket, name string) (*os.File, *about, int64, error) {
	if err := s.known(bucket); err != nil {
		return nil, nil, 0, err
	}
	path, err := file(bucket, name)
	if err != nil {
		return nil, nil, 0, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	f, err := os.Open(filepath.Join(s.dir, path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) {
		return nil, nil, 0, gofakes3.KeyNotFound(name)
	} else if err != nil {
		return nil, nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() { // the folder of other objects
		err = gofakes3.KeyNotFound(name)
	}
	if err != nil {
		f.Close()
		return nil, nil, 0, err
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, aboutDir, path))
	var a about
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	if err != nil {
		f.Close()
		return nil, nil, 0, fmt.Errorf("read about %s: %w", name, err)
	}
	return f, &a, info.Size(), nil
}

func (s *store) HeadObject(bucket, name string) (*gofakes3.Object, error) {
	f, a, size, err := s.read(bucket, name)
	if err != nil {
		return nil, err
	}
	f.Close()
	return object(name, a, size, io.NopCloser(strings.NewReader(""))), nil
}

func (s *store) GetObject(bucket, name string, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	f, a, size, err := s.read(bucket, name)
	if err != nil {
		return nil, err
	}
	span, err := want.Range(size)
	if err != nil {
		f.Close()
		return nil, err
	}
	o := object(name, a, size, f)
	if o.Range = span; span != nil {
		o.Contents = struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, span.Start, span.Length), f}
	}
	return o, nil
}

func object(name string, a *about, size int64, contents io.ReadCloser) *gofakes3.Object {
	sum, err := hex.DecodeString(a.MD5)
	if err != nil {
		sum = nil // an object without an ETag is better than none
	}
	return &gofakes3.Object{Name: name, Metadata: a.Metadata, Size: size, Contents: contents, Hash: sum}
}

func (s *store) PutObject(bucket, name string, metadata map[string]string, input io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	var none gofakes3.PutObjectResult
	if err := s.known(bucket); err != nil {
		return none, err
	}
	path, err := file(bucket, name)
	if err != nil {
		return none, err
	}
	sum := md5.New()
	temporary, err := s.temporary(io.TeeReader(input, sum), size)
	if err != nil {
		return none, err
	}
	defer os.Remove(temporary) // gone already once in place
	raw, err := json.Marshal(about{Metadata: metadata, MD5: hex.EncodeToString(sum.Sum(nil)), Modified: time.Now().UTC()})
	if err != nil {
		return none, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if conditions != nil {
		if err := s.check(path, conditions); err != nil {
			return none, err
		}
	}
	target, described := filepath.Join(s.dir, path), filepath.Join(s.dir, aboutDir, path)
	for _, p := range []string{target, described} {
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return none, err
		}
	}
	if err := os.WriteFile(described, raw, 0o644); err != nil {
		return none, err
	}
	return none, os.Rename(temporary, target)
}

// temporary writes a file to be moved into place.
func (s *store) temporary(input io.Reader, size int64) (path string, err error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, aboutDir), ".put-*")
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, input)
	if err == nil && n != size {
		err = gofakes3.ErrIncompleteBody
	}
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func (s *store) check(path string, conditions *gofakes3.PutConditions) error {
	var info gofakes3.ConditionalObjectInfo
	raw, err := os.ReadFile(filepath.Join(s.dir, aboutDir, path))
	if err == nil {
		var a about
		if err := json.Unmarshal(raw, &a); err != nil {
			return err
		}
		info.Exists = true
		info.Hash, _ = hex.DecodeString(a.MD5)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return gofakes3.CheckPutConditions(conditions, &info)
}
