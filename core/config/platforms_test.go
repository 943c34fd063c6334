package config_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
)

// TestPlatformsOf: a platform that an account does not name is that of the top level, and finally JumpServer's own.
func TestPlatformsOf(t *testing.T) {
	t.Parallel()
	c, err := config.Load(t.Context(), sourceOf(t, "testdata/platforms.good.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []config.Platforms{
		{Linux: "Linux-2222", Windows: "Windows", Other: "Unix"},
		{Linux: "堡垒机-Linux", Windows: "Windows-3390", Other: "Unix"},
	} {
		if got := c.PlatformsOf(c.Clouds[n]); got != want {
			t.Errorf("%s: %+v, want %+v", c.Clouds[n].Name, got, want)
		}
	}
}
