package walkthrough

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"liuke/infra/local/browser"
	"liuke/infra/local/project"
)

var update = flag.Bool("update", false, "take the README's pictures anew")

// maxPicture is the most bytes of one of the README's pictures.
const maxPicture = 60 << 10

// phone is what people answer on: no scripts run.
func phone(locale string) browser.Options {
	return browser.Options{Width: 360, Height: 640, Scale: 2, Mobile: true, Locale: locale}
}

// picture keeps a picture of the page, which the README shows under the name.
func picture(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	path := p.Screenshot(name)
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(root, "testdata", "pictures", name+".png")
	if *update {
		if err := shrink(path, kept); err != nil {
			t.Fatalf("the picture %s: %v", name, err)
		}
	}
	info, err := os.Stat(kept)
	if err != nil {
		t.Errorf("the README's picture %s: %v; -update takes it", name, err)
	} else if info.Size() > maxPicture {
		t.Errorf("the README's picture %s has %d bytes, want %d at most", name, info.Size(), maxPicture)
	}
}

// shrink writes a picture anew in 256 colours, those that it has most of; the others are the edges of letters.
func shrink(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	out := image.NewPaletted(img.Bounds(), common(img))
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, out); err != nil {
		return err
	}
	return os.WriteFile(to, small.Bytes(), 0o644)
}

// common returns the 256 most common colours of a picture.
func common(img image.Image) color.Palette {
	counts := map[color.RGBA]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var p color.Palette
	for _, c := range all[:min(256, len(all))] {
		p = append(p, c)
	}
	return p
}
