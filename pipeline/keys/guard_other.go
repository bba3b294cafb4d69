//go:build !unix

package keys

import "os"

// guardReading has nothing to judge: this system keeps its rights elsewhere.
func guardReading(os.FileInfo) error { return nil }

// guardWriting has nothing to judge either.
func guardWriting(os.FileInfo) error { return nil }

// guardFolder has nothing to judge either.
func guardFolder(os.FileInfo) error { return nil }

// guardOwner has nothing to judge either.
func guardOwner(os.FileInfo) error { return nil }
