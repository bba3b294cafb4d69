package store

import (
	"bytes"
	"context"
	"io"
	"strings"
)

// Call is one call on its way to a storage. Whoever stands around it (Options.Around) may change what is written before
// it is done, and afterwards what was found or read.
type Call struct {
	// Op is list, stat, open, read, write, create or delete. In a folder these are made of steps, which are calls, too:
	// mkdir, temporary, fill, fsync, rename, link, unlink and flock.
	Op      string
	URL     string   // of the bucket, without credentials
	Key     string   // relative to the bucket
	Content []byte   // of write and create: what is written; of read: what was read
	Objects []Object // of list and stat: what was found, with keys relative to the storage
}

// surrounded is a storage with somebody around each of its calls.
type surrounded struct {
	backend
	bucket *Bucket
	around func(c *Call, do func() error) error
}

func (s *surrounded) call(op, key string) *Call {
	return &Call{Op: op, URL: s.bucket.url, Key: strings.TrimPrefix(key, s.bucket.prefix)}
}

func (s *surrounded) list(ctx context.Context, prefix string) ([]Object, error) {
	c := s.call("list", prefix)
	err := s.around(c, func() (err error) {
		c.Objects, err = s.backend.list(ctx, prefix)
		return err
	})
	return c.Objects, err
}

func (s *surrounded) stat(ctx context.Context, key string) (Object, error) {
	c := s.call("stat", key)
	err := s.around(c, func() error {
		o, err := s.backend.stat(ctx, key)
		c.Objects = []Object{o}
		return err
	})
	if err != nil {
		return Object{}, err
	}
	return c.Objects[0], nil
}

func (s *surrounded) open(ctx context.Context, key string, size int64) (r Reader, err error) {
	err = s.around(s.call("open", key), func() (err error) {
		r, err = s.backend.open(ctx, key, size)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &surroundedReader{Reader: r, storage: s, key: key}, nil
}

func (s *surrounded) upload(ctx context.Context, key string, r io.Reader, contentType string) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c := s.call("write", key)
	c.Content = content
	return s.around(c, func() error { return s.backend.upload(ctx, key, bytes.NewReader(c.Content), contentType) })
}

func (s *surrounded) create(ctx context.Context, key string, b []byte) error {
	c := s.call("create", key)
	c.Content = b
	return s.around(c, func() error { return s.backend.create(ctx, key, c.Content) })
}

func (s *surrounded) delete(ctx context.Context, key string) error {
	return s.around(s.call("delete", key), func() error { return s.backend.delete(ctx, key) })
}

// step is a step of a folder's.
func (s *surrounded) step(op, key string, do func() error) error {
	return s.around(s.call(op, key), do)
}

// surroundedReader is an object of such a storage.
type surroundedReader struct {
	Reader
	storage *surrounded
	key     string
}

func (r *surroundedReader) ReadAt(p []byte, offset int64) (int, error) {
	c := r.storage.call("read", r.key)
	err := r.storage.around(c, func() error {
		n, err := r.Reader.ReadAt(p, offset)
		c.Content = p[:n]
		return err
	})
	return copy(p, c.Content), err
}
