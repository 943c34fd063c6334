package browsertest

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"slices"
)

// paletteSize is how many colours a picture of the documents has: one byte for each point.
const paletteSize = 256

// reduceColors writes a picture anew with its most frequent colours.
func reduceColors(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	reduced := image.NewPaletted(picture.Bounds(), frequentColors(picture))
	draw.Draw(reduced, reduced.Rect, picture, picture.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, reduced); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func frequentColors(of image.Image) color.Palette {
	times, bounds := map[color.Color]int{}, of.Bounds()
	var all color.Palette
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := of.At(x, y)
			if times[c] == 0 {
				all = append(all, c)
			}
			times[c]++
		}
	}
	slices.SortStableFunc(all, func(x, y color.Color) int { return cmp.Compare(times[y], times[x]) })
	return all[:min(len(all), paletteSize)]
}
