package wire

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ []string
		want    int64
	}{
		{nil, 0},
		{[]string{"FC_FUNCTION_MEMORY_SIZE=256"}, 192 << 20},
		{[]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=10240"}, 7680 << 20},
		{[]string{"RUNTIME_MEMORY=512"}, 384 << 20},
		{[]string{"FC_FUNCTION_MEMORY_SIZE=256", "GOMEMLIMIT=1GiB"}, 0},
		{[]string{"GOGC=off", "FC_FUNCTION_MEMORY_SIZE=256"}, 0},
		{[]string{"GOGC=", "FC_FUNCTION_MEMORY_SIZE=128"}, 96 << 20},
		{[]string{"FC_FUNCTION_MEMORY_SIZE=lots"}, 0},
		{[]string{"FC_FUNCTION_MEMORY_SIZE=-1"}, 0},
	} {
		if got := memoryLimitOf(c.environ); got != c.want {
			t.Errorf("%q: %d, want %d", c.environ, got, c.want)
		}
	}
}
