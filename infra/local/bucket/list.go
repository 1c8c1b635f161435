package bucket

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/johannesboyne/gofakes3"
)

// errNotDir is what a path through an object's file gives.
const errNotDir = syscall.ENOTDIR

// keys lists a bucket's keys with the prefix, in the order of S3: by bytes.
func (s *store) keys(bucket, prefix string) ([]string, error) {
	root := filepath.Join(s.dir, bucket)
	from := root
	if i := strings.LastIndexByte(prefix, '/'); i > 0 { // below one folder alone
		path, err := file(bucket, prefix[:i])
		if err != nil {
			return nil, nil // no key can have such a prefix
		}
		from = filepath.Join(s.dir, path)
	}
	var keys []string
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name, err := key(relative)
		if err == nil && strings.HasPrefix(name, prefix) {
			keys = append(keys, name)
		}
		return err
	})
	slices.Sort(keys)
	return keys, err
}

func (s *store) ListBucket(bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	if err := s.known(bucket); err != nil {
		return nil, err
	}
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	start := ""
	if prefix.HasPrefix {
		start = prefix.Prefix
	}
	keys, err := s.keys(bucket, start)
	if err != nil {
		return nil, err
	}
	list := gofakes3.NewObjectList()
	most := page.MaxKeys
	if most <= 0 {
		most = gofakes3.DefaultMaxBucketKeys
	}
	var n int64
	last := ""
	for _, name := range keys {
		var match gofakes3.PrefixMatch
		if !prefix.Match(name, &match) {
			continue
		}
		shown := name
		if match.CommonPrefix {
			shown = match.MatchedPart
		}
		if page.HasMarker && shown <= page.Marker || shown == last {
			continue
		}
		if n == most {
			list.IsTruncated, list.NextMarker = true, last
			return list, nil
		}
		n++
		last = shown
		if match.CommonPrefix {
			list.AddPrefix(shown)
			continue
		}
		content, err := s.content(bucket, name)
		if err != nil {
			return nil, err
		}
		if content != nil {
			list.Add(content)
		}
	}
	return list, nil
}

// content is a list's entry of an object; nil for one that has gone meanwhile.
func (s *store) content(bucket, name string) (*gofakes3.Content, error) {
	f, a, size, err := s.read(bucket, name)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f.Close()
	return &gofakes3.Content{Key: name, LastModified: gofakes3.NewContentTime(a.Modified), ETag: `"` + a.MD5 + `"`, Size: size}, nil
}

func (s *store) DeleteObject(bucket, name string) (gofakes3.ObjectDeleteResult, error) {
	var none gofakes3.ObjectDeleteResult
	if err := s.known(bucket); err != nil {
		return none, err
	}
	path, err := file(bucket, name)
	if err != nil {
		return none, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range []string{filepath.Join(s.dir, path), filepath.Join(s.dir, aboutDir, path)} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotDir) {
			return none, err
		}
	}
	return none, nil
}

func (s *store) DeleteMulti(bucket string, names ...string) (gofakes3.MultiDeleteResult, error) {
	var result gofakes3.MultiDeleteResult
	for _, name := range names {
		if _, err := s.DeleteObject(bucket, name); err != nil {
			e := gofakes3.ErrorResultFromError(err)
			e.Key = name
			result.Error = append(result.Error, e)
			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: name})
	}
	return result, nil
}

func (s *store) CopyObject(fromBucket, from, toBucket, to string, metadata map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(s, fromBucket, from, toBucket, to, metadata)
}

var _ gofakes3.Backend = (*store)(nil)
