package folder_test

import (
	"errors"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Whatever is, holds or lies in a lakehouse table is refused, and nothing beside one.
func TestOnlyWhatBelongsToALakehouseTableIsRefused(t *testing.T) {
	for _, c := range []struct {
		object, place string
		refused       bool
	}{
		{"t/metadata/v3.metadata.json", "mem://b/t/", true},
		{"t/metadata/v3.metadata.json", "mem://b/t/data/dt=2026-04-10/", true},
		{"t/metadata/v3.metadata.json", "mem://b/", true},
		{"t/metadata/v3.metadata.json", "mem://b?prefix=t/data/", true},
		{"t/metadata/v3.metadata.json", "mem://b/t/?prefix=data/", true},
		{"t/metadata/v3.metadata.json.gz", "mem://b/t/data/", true},
		{"metadata/v3.metadata.json", "mem://b/data/", true},
		{"t/_delta_log/00000000000000000000.json", "mem://b/t/dt=2026-04-10/", true},
		{"t/.hoodie/hoodie.properties", "mem://b/t/2026/04/10/", true},
		{"t/.hoodie/timeline/a.commit", "mem://b/t/2026/04/10/", true},
		{"t/metadata/v3.metadata.json", "mem://b/events/", false},
		{"t/metadata/v3.metadata.json", "mem://b?prefix=events/", false},
		{"t/metadata/columns.json", "mem://b/t/data/", false},
		{"metadata/t/metadata/v3.metadata.json", "mem://b/events/", false},
		{"metadata/t/_delta_log/00000000000000000000.json", "mem://b/events/", false},
		{"t/metadata/t2/.hoodie/hoodie.properties", "mem://b/t/data/", false},
	} {
		s := folder.NewStores(store.Options{Memory: new(store.Memory)})
		bucket, err := s.Open(t.Context(), "mem://b")
		if err == nil {
			err = bucket.UploadBytes(t.Context(), c.object, []byte("{}"), "application/json")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _, listed := s.List(t.Context(), c.place)
		for _, err := range []error{listed, s.Plain(t.Context(), c.place)} {
			if c.place == "mem://b/" && err == nil {
				continue // a table below concerns only who reads it all
			}
			f, refused := errors.AsType[*fault.Fault](err)
			if refused != c.refused || refused && f.Reason != "LAKE_TABLE" || !refused && err != nil {
				t.Errorf("%s beside %s: %v", c.place, c.object, err)
			}
		}
	}
}
