/* Kernels in C: what looking at a cell spends its time on.

   They are compiled when the library is installed, where there is a C compiler. Each has a twin in NumPy, which says
   what it does and why, and which works wherever nothing was compiled:

       cg_convolve            colibri_geo.core.resample.translate
       cg_weave               colibri_geo.core.whitening.Whitening.weave
       cg_merge_dates         colibri_geo.core.frames.merge_dates
       cg_straighten          colibri_geo.core.frames.straighten
       cg_find_mean_vectors   colibri_geo.core.fields.find_mean_vectors
       cg_map_contrast        colibri_geo.core.fields.map_contrast
       cg_take_turn           colibri_geo.core.segments.take_turn

   Both give the same numbers bit by bit where all values are finite: sums run one after the other, in the precision
   that the twin has, and the compiler is told not to fuse multiplications with additions. Callers check shapes, or make
   what has them; nothing is kept between calls. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#if FLT_EVAL_METHOD != 0
#error "this machine computes in a precision of its own: the twins in NumPy do the work"
#endif

/* ----------------------------------------------------------------------------------------- images of one place --- */

#define TAPS 4   /* of a cubic convolution, each way */
#define MARGIN 2 /* pixels around what is moved, on each side */

/* moved (bands, rows, cols) of values (bands, rows + 4, cols + 4): cubic convolution down, then across; -1 where memory is
   lacking. Weights of 0 are left out. */
int64_t cg_convolve(const float *values, int64_t bands, int64_t rows, int64_t cols, const float *down, const float *across,
                    float *moved)
{
    const int64_t tall = rows + 2 * MARGIN, wide = cols + 2 * MARGIN;
    float *sums = malloc((size_t)wide * sizeof(float));
    if (!sums)
        return -1;
    for (int64_t line = 0; line < bands * rows; line++) {
        /* The first tap lies on the second row and column of what is given. */
        const float *value = values + (line / rows * tall + line % rows + 1) * wide;
        float *place = moved + line * cols;
        for (int64_t col = 0; col < wide; col++)
            sums[col] = 0.0f;
        for (int64_t tap = 0; tap < TAPS; tap++)
            if (down[tap] != 0.0f)
                for (int64_t col = 0; col < wide; col++)
                    sums[col] += value[tap * wide + col] * down[tap];
        for (int64_t col = 0; col < cols; col++)
            place[col] = 0.0f;
        for (int64_t tap = 0; tap < TAPS; tap++)
            if (across[tap] != 0.0f)
                for (int64_t col = 0; col < cols; col++)
                    place[col] += sums[col + 1 + tap] * across[tap];
    }
    free(sums);
    return 0;
}

#define WOVEN_AT_ONCE 4 /* pixels of a row: sides of squares are multiples of it */

typedef struct {
    const float *const *images; /* (dates) of (bands, rows, cols) */
    const uint8_t *const *seen; /* (dates) of (rows, cols) */
    const float *matrices;      /* (rows / side, cols / side, bands, bands): lower triangles, one a square of pixels */
    int64_t dates, bands, rows, cols, side;
} Threads;

/* Some pixels of a row of one date, by the matrix of their square. */
static void whiten_pixels(const float *image, int64_t bands, int64_t pixels, const float *matrix, int64_t planes,
                          float *restrict woven)
{
    for (int64_t band = 0; band < bands; band++) {
        float sums[WOVEN_AT_ONCE] = {0.0f};
        for (int64_t other = 0; other <= band; other++) {
            const float share = matrix[band * bands + other], *values = image + other * pixels;
            for (int64_t col = 0; col < WOVEN_AT_ONCE; col++)
                sums[col] += share * values[col];
        }
        for (int64_t col = 0; col < WOVEN_AT_ONCE; col++)
            woven[col * planes + band] = sums[col];
    }
}

/* woven (rows, cols, planes): the whitened bands of each date, then whether each is seen. */
int64_t cg_weave(const Threads *threads, float *woven)
{
    const Threads here = *threads;
    const int64_t dates = here.dates, bands = here.bands, planes = dates * (bands + 1), pixels = here.rows * here.cols;
    for (int64_t row = 0; row < here.rows; row++) {
        const float *matrix = here.matrices + row / here.side * (here.cols / here.side) * bands * bands;
        for (int64_t col = 0, end = here.side; col < here.cols; end += here.side, matrix += bands * bands) {
            for (; col < end; col += WOVEN_AT_ONCE) {
                const int64_t first = row * here.cols + col;
                float *place = woven + first * planes;
                for (int64_t date = 0; date < dates; date++) {
                    whiten_pixels(here.images[date] + first, bands, pixels, matrix, planes, place + date * bands);
                    for (int64_t pixel = 0; pixel < WOVEN_AT_ONCE; pixel++)
                        place[pixel * planes + dates * bands + date] = (float)here.seen[date][first + pixel];
                }
            }
        }
    }
    return 0;
}

/* One image (pixels, bands + 1) of both dates (pixels, 2 bands + 2): their change, or else what they show alike. */
int64_t cg_merge_dates(const float *dates, int64_t bands, int64_t pixels, int64_t of_change, float *merged)
{
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
        const float *before = dates + pixel * 2 * (bands + 1), *after = before + bands;
        const float seen_before = after[bands], seen_after = after[bands + 1];
        const float both = seen_before * seen_after, count = seen_before + seen_after;
        const float divisor = count > 1.0f ? count : 1.0f;
        float *image = merged + pixel * (bands + 1);
        for (int64_t band = 0; band < bands; band++)
            image[band] = of_change ? (after[band] - before[band]) * both : (before[band] + after[band]) / divisor;
        image[bands] = of_change ? both : seen_before > seen_after ? seen_before : seen_after;
    }
    return 0;
}

/* ---------------------------------------------------------------------------------------- images along a line --- */

#define PIXELS_AHEAD 3.0 /* how far beside a station, towards the next offsets, a pixel is fetched before it is needed */

#ifdef __GNUC__
#define FETCH(place) __builtin_prefetch(place)
#else
#define FETCH(place) ((void)(place))
#endif

typedef struct {
    const float *const *tiles; /* (tile_rows, tile_cols) of (side, side, planes); null where there is none: zeros */
    const float *nothing;      /* (planes) zeros */
    int64_t tile_rows, tile_cols;
    int64_t side_bits; /* the side is a power of two */
    int64_t planes, dates;
} Mosaic;

typedef struct {
    double row, col;                 /* station 0, counted in the window */
    double down, right;              /* a step along the line */
    double aside_down, aside_right;  /* a step across it */
    int64_t window_row, window_col;  /* the window's first pixel, counted in the mosaic */
    int64_t first_station, stations; /* one a pixel */
    int64_t half_offsets;            /* to either side */
    double offset_step;
    double least_weight;
} Look;

static const float *find_pixel(const Mosaic *mosaic, int64_t row, int64_t col)
{
    const int64_t inner = ((int64_t)1 << mosaic->side_bits) - 1;
    const int64_t tile_row = row >> mosaic->side_bits, tile_col = col >> mosaic->side_bits;
    if (tile_row < 0 || tile_row >= mosaic->tile_rows || tile_col < 0 || tile_col >= mosaic->tile_cols)
        return mosaic->nothing;
    const float *tile = mosaic->tiles[tile_row * mosaic->tile_cols + tile_col];
    if (!tile)
        return mosaic->nothing;
    return tile + (((row & inner) << mosaic->side_bits) + (col & inner)) * mosaic->planes;
}

/* Weighed sums of four pixels. */
static void add_pixels(const float *const pixels[4], const float shares[4], int64_t planes, float *restrict sums)
{
    const float *const one = pixels[0], *const two = pixels[1], *const three = pixels[2], *const four = pixels[3];
    for (int64_t plane = 0; plane < planes; plane++)
        sums[plane] = (((0.0f + shares[0] * one[plane]) + shares[1] * two[plane]) + shares[2] * three[plane]) +
                      shares[3] * four[plane];
}

/* Sample all planes at the stations of one offset, (stations, planes), by the rows and columns of the line itself. */
static void sample_row(const Mosaic *mosaic, const Look *look, double offset, const double *rows, const double *cols,
                       float *sums)
{
    const Mosaic here = *mosaic; /* a copy, of which the compiler knows that nothing changes it */
    const int64_t stations = look->stations, window_row = look->window_row, window_col = look->window_col;
    const int64_t inner = ((int64_t)1 << here.side_bits) - 1, planes = here.planes;
    const double aside_down = offset * look->aside_down, aside_right = offset * look->aside_right;
    const int64_t rows_ahead = lround(PIXELS_AHEAD * look->aside_down), cols_ahead = lround(PIXELS_AHEAD * look->aside_right);
    const int64_t ahead = (rows_ahead * (inner + 1) + cols_ahead) * planes;
    for (int64_t s = 0; s < stations; s++) {
        const double row = rows[s] + aside_down, col = cols[s] + aside_right;
        const int64_t whole_row = (int64_t)row, whole_col = (int64_t)col;
        const float down = (float)(row - (double)whole_row), right = (float)(col - (double)whole_col);
        const float up = 1.0f - down, left = 1.0f - right;
        const float shares[4] = {up * left, up * right, down * left, down * right};
        const int64_t first_row = whole_row + window_row, first_col = whole_col + window_col;
        const float *pixels[4] = {find_pixel(&here, first_row, first_col)};
        if ((first_row & inner) < inner && (first_col & inner) < inner && pixels[0] != here.nothing) {
            pixels[1] = pixels[0] + planes;
            pixels[2] = pixels[0] + (planes << here.side_bits);
            pixels[3] = pixels[2] + planes;
            FETCH(pixels[0] + ahead);
        } else {
            for (int64_t corner = 1; corner < 4; corner++)
                pixels[corner] = find_pixel(&here, first_row + corner / 2, first_col + corner % 2);
        }
        add_pixels(pixels, shares, planes, sums + s * planes);
    }
}

/* images (dates, bands, offsets, stations) and weights (dates, offsets, stations); -1 where memory is lacking. */
int64_t cg_straighten(const Mosaic *mosaic, const Look *look, float *images, float *weights)
{
    const int64_t stations = look->stations, offsets = 2 * look->half_offsets + 1, planes = mosaic->planes;
    const int64_t dates = mosaic->dates, bands = planes / dates - 1;
    double *rows = malloc((size_t)stations * (2 * sizeof(double) + (size_t)(planes + 1) * sizeof(float)));
    if (!rows)
        return -1;
    double *cols = rows + stations;
    float *sums = (float *)(cols + stations), *scale = sums + planes * stations;
    for (int64_t s = 0; s < stations; s++) {
        const double station = (double)(look->first_station + s);
        rows[s] = look->row + station * look->down;
        cols[s] = look->col + station * look->right;
    }
    for (int64_t t = 0; t < offsets; t++) {
        sample_row(mosaic, look, (double)(t - look->half_offsets) * look->offset_step, rows, cols, sums);
        for (int64_t date = 0; date < dates; date++) {
            const float *seen = sums + dates * bands + date;
            float *weight = weights + (date * offsets + t) * stations;
            for (int64_t s = 0; s < stations; s++) {
                const float share = seen[s * planes] < (float)look->least_weight ? 0.0f : seen[s * planes];
                scale[s] = share > 0.0f ? 1.0f / share : 0.0f;
                weight[s] = share < 1.0f ? share : 1.0f;
            }
            for (int64_t band = 0; band < bands; band++) {
                const float *from = sums + date * bands + band;
                float *image = images + ((date * bands + band) * offsets + t) * stations;
                for (int64_t s = 0; s < stations; s++)
                    image[s] = from[s * planes] * scale[s];
            }
        }
    }
    free(rows);
    return 0;
}

/* ------------------------------------------------------------------------------------------- a turn of the fit --- */

#define MOST_BANDS 64

typedef struct {
    const float *values; /* (bands, offsets, stations) */
    const float *weight; /* (offsets, stations) */
    int64_t bands, offsets, stations;
    double first_station;
} Field;

typedef struct {
    double step_px;                                  /* from one offset to the next */
    int64_t core_rows, gap_rows, flank_rows;         /* of a line: a core, and a flank to either side beyond a gap */
    double least_of_zone;                            /* weight of a row above which a core or a flank is known */
    double least_core, least_flanks;                 /* weights of those of a map of contrasts, both flanks together */
    double least_sum, bound, least_size;             /* see colibri_geo.core.fields */
    const double *smoothing;                         /* (offsets, offsets) */
    const double *steps;                             /* (rounds, tries), in rows */
    int64_t rounds, tries;
    double least_level;
    double inside, lowest_gain, highest_gain;        /* see colibri_geo.core.segments */
    double core_px, near_parallel_px, least_known, least_standing, sigma;
    double least_length_px, most_length_px;
} Rules;

typedef struct {
    double start, stop;   /* what was looked at, then what it has grown to */
    double offset, slope; /* of the axis, at the middle of what was looked at */
} Turn;

/* What a turn works with, cut from one piece of memory. */
typedef struct {
    float *sums;                       /* (3, bands + 1, stations): zones of one line */
    float *weighed;                    /* (bands, offsets, stations): values times their weight */
    float *single;                     /* (offsets, stations): the bands, weighed into one, times the weight */
    float *contrast, *known, *smooth;  /* (offsets, stations) */
    float direction[MOST_BANDS];
    double *terms;                     /* (offsets, stations, 4) */
    double *swung, *along, *gain, *averaged, *ranked; /* (stations), the last as long as there are offsets at least */
} Room;

static int64_t lesser(int64_t one, int64_t other) { return one < other ? one : other; }
static int64_t greater(int64_t one, int64_t other) { return one > other ? one : other; }
static double clip(double value, double low, double high) { return value < low ? low : value > high ? high : value; }

/* The value of a rank, by Hoare's selection; orders the values as far as it has to. */
static double find_rank(double *values, int64_t count, int64_t rank)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        int64_t left = low, right = high;
        while (left <= right) {
            while (values[left] < pivot)
                left++;
            while (pivot < values[right])
                right--;
            if (left <= right) {
                const double kept = values[left];
                values[left++] = values[right];
                values[right--] = kept;
            }
        }
        if (rank <= right)
            high = right;
        else if (rank >= left)
            low = left;
        else
            break;
    }
    return values[rank];
}

static double find_median(double *values, int64_t count)
{
    const double low = find_rank(values, count, (count - 1) / 2), high = find_rank(values, count, count / 2);
    return (low + high) / 2.0;
}

/* Of values in single precision: the sum of two of them is rounded to it. */
static float find_single_median(double *values, int64_t count)
{
    const float low = (float)find_rank(values, count, (count - 1) / 2);
    const float high = (float)find_rank(values, count, count / 2);
    return (low + high) / 2.0f;
}

/* Add rows, `stride` apart, one after the other: four in each pass over the sums. */
static void add_rows(const float *rows, int64_t stride, int64_t count, int64_t first, int64_t last, float *restrict sums)
{
    int64_t row = first;
    for (; row + 3 <= last; row += 4) {
        const float *one = rows + row * stride, *two = one + stride, *three = two + stride, *four = three + stride;
        for (int64_t s = 0; s < count; s++)
            sums[s] = (((sums[s] + one[s]) + two[s]) + three[s]) + four[s];
    }
    for (; row <= last; row++)
        for (int64_t s = 0; s < count; s++)
            sums[s] += rows[row * stride + s];
}

/* Values times their weight, (rows, count), over the stations from `from` on. */
static void weigh(const float *values, const float *weight, int64_t stations, int64_t from, int64_t count, int64_t first,
                  int64_t last, float *restrict weighed)
{
    for (int64_t row = first; row <= last; row++)
        for (int64_t s = 0; s < count; s++)
            weighed[row * count + s] = values[row * stations + from + s] * weight[row * stations + from + s];
}

static float reciprocal(float weight, double least_sum)
{
    const float bounded = weight > (float)least_sum ? weight : (float)least_sum;
    return 1.0f / bounded;
}

/* Weigh all bands in some rows, over the stations from `from` on, for the lines that are looked at there. */
static void weigh_bands(const Field *field, int64_t from, int64_t count, int64_t first, int64_t last, Room *room)
{
    for (int64_t band = 0; band < field->bands; band++)
        weigh(field->values + band * field->offsets * field->stations, field->weight, field->stations, from, count, first,
              last, room->weighed + band * field->offsets * count);
}

/* Mean contrast vector (bands) of the line whose core lies around a row; zeros where none of it was observed. Twin:
   fields.find_mean_vectors. */
static void find_mean_vector(const Field *field, const Rules *rules, int64_t row, int64_t from, int64_t count,
                             Room *room, float *vector)
{
    const int64_t bands = field->bands, planes = bands + 1, end = field->offsets - 1;
    const int64_t near = rules->gap_rows, far = rules->gap_rows + rules->flank_rows;
    const int64_t limits[3][2] = {{row - rules->core_rows, row + rules->core_rows}, {row - far, row - near}, {row + near, row + far}};
    for (int64_t place = 0; place < 3 * planes * count; place++)
        room->sums[place] = 0.0f;
    for (int64_t zone = 0; zone < 3; zone++) {
        const int64_t first = greater(limits[zone][0], 0), last = lesser(limits[zone][1], end);
        const double least = rules->least_of_zone * (double)greater(last + 1 - first, 0);
        float *sums = room->sums + zone * planes * count, *weight = sums + bands * count;
        for (int64_t band = 0; band < bands; band++)
            add_rows(room->weighed + band * field->offsets * count, count, count, first, last, sums + band * count);
        add_rows(field->weight + from, field->stations, count, first, last, weight);
        for (int64_t s = 0; s < count; s++)
            weight[s] = (double)weight[s] > least ? reciprocal(weight[s], rules->least_sum) : NAN;
        for (int64_t band = 0; band < bands; band++)
            for (int64_t s = 0; s < count; s++)
                sums[band * count + s] *= weight[s];
    }
    const float *core = room->sums, *left = core + planes * count, *right = left + planes * count;
    float *both = room->sums, *norm = room->sums + bands * count; /* take the place of what they are made of */
    int64_t seen = 0;
    for (int64_t s = 0; s < count; s++) {
        float square = 0.0f;
        for (int64_t band = 0; band < bands; band++) {
            const int64_t place = band * count + s;
            both[place] = ((core[place] - left[place]) + (core[place] - right[place])) / 2.0f;
            square += both[place] * both[place];
        }
        norm[s] = sqrtf(square);
        if (isfinite(norm[s]))
            room->ranked[seen++] = norm[s];
    }
    const float bound = seen ? (float)rules->bound * find_single_median(room->ranked, seen) : 0.0f;
    for (int64_t band = 0; band < bands; band++)
        vector[band] = 0.0f;
    for (int64_t s = 0; s < count; s++) {
        if (!isfinite(norm[s]))
            continue;
        const float size = norm[s] > (float)rules->least_size ? norm[s] : (float)rules->least_size;
        const float share = bound / size < 1.0f ? bound / size : 1.0f;
        for (int64_t band = 0; band < bands; band++)
            vector[band] += both[band * count + s] * share;
    }
    for (int64_t band = 0; band < bands; band++)
        vector[band] /= (float)greater(seen, 1);
}

/* Direction of the line's mean contrast among the bands; 0 where there is none. Twin: fields.find_direction. */
static int find_direction(const Field *field, const Rules *rules, int64_t from, int64_t count, Room *room)
{
    double square = 0.0;
    const int64_t middle = field->offsets / 2, reach = rules->gap_rows + rules->flank_rows;
    weigh_bands(field, from, count, middle - reach, middle + reach, room);
    find_mean_vector(field, rules, middle, from, count, room, room->direction);
    for (int64_t band = 0; band < field->bands; band++)
        square += (double)room->direction[band] * (double)room->direction[band];
    const double length = sqrt(square);
    if (!(length > 0.0))
        return 0;
    for (int64_t band = 0; band < field->bands; band++)
        room->direction[band] /= (float)length;
    return 1;
}

/* Weigh the bands into one, times the weight. Twin: Field.project. */
static void project(const Field *field, Room *room)
{
    const int64_t stations = field->stations, all = field->offsets * stations;
    for (int64_t first = 0; first < all; first += stations) {
        float *single = room->single + first;
        for (int64_t s = 0; s < stations; s++)
            single[s] = room->direction[0] * field->values[first + s];
        for (int64_t band = 1; band < field->bands; band++)
            for (int64_t s = 0; s < stations; s++)
                single[s] += room->direction[band] * field->values[band * all + first + s];
        for (int64_t s = 0; s < stations; s++)
            single[s] *= field->weight[first + s];
    }
}

/* Contrast with both flanks at every offset and station, 0 where it cannot be told; 1 or 0 where it is known or not.
   Of one band, given as its values times their weight. Twin: fields.map_contrast. */
static void map_contrast(const float *weighed, const Field *field, const Rules *rules, float *sums, float *contrast,
                         float *known)
{
    const int64_t stations = field->stations, last = field->offsets - 1;
    const int64_t near = rules->gap_rows, far = rules->gap_rows + rules->flank_rows;
    const float least_sum = (float)rules->least_sum;
    float *core = sums, *flanks = core + stations, *core_weight = flanks + stations, *flanks_weight = core_weight + stations;
    for (int64_t t = 0; t <= last; t++, contrast += stations, known += stations) {
        const int64_t limits[3][2] = {{greater(t - rules->core_rows, 0), lesser(t + rules->core_rows, last)},
                                      {greater(t - far, 0), t - near},
                                      {t + near, lesser(t + far, last)}};
        for (int64_t place = 0; place < 4 * stations; place++)
            sums[place] = 0.0f;
        for (int64_t zone = 0; zone < 3; zone++) {
            const int64_t *ends = limits[zone];
            add_rows(weighed, stations, stations, ends[0], ends[1], zone ? flanks : core);
            add_rows(field->weight, stations, stations, ends[0], ends[1], zone ? flanks_weight : core_weight);
        }
        for (int64_t s = 0; s < stations; s++) {
            const float of_core = core_weight[s] > least_sum ? core_weight[s] : least_sum;
            const float of_flanks = flanks_weight[s] > least_sum ? flanks_weight[s] : least_sum;
            const int seen = (double)core_weight[s] > rules->least_core && (double)flanks_weight[s] > rules->least_flanks;
            contrast[s] = seen ? core[s] / of_core - flanks[s] / of_flanks : 0.0f;
            known[s] = seen ? 1.0f : 0.0f;
        }
    }
}

/* Smooth across, bound by the line's own level, and prepare cubic convolution between rows, as _Rows.of does. */
static void prepare_rows(const Field *field, const Rules *rules, int64_t from, int64_t count, Room *room)
{
    const int64_t offsets = field->offsets, stations = field->stations, middle = offsets / 2;
    for (int64_t t = 0; t < offsets; t++) {
        double *row = room->averaged;
        for (int64_t s = 0; s < count; s++)
            row[s] = 0.0;
        for (int64_t other = 0; other < offsets; other++) {
            const double share = rules->smoothing[t * offsets + other];
            const float *contrast = room->contrast + other * stations + from;
            if (share != 0.0)
                for (int64_t s = 0; s < count; s++)
                    row[s] += share * (double)contrast[s];
        }
        for (int64_t s = 0; s < count; s++)
            room->smooth[t * count + s] = (float)row[s];
    }
    for (int64_t s = 0; s < count; s++) {
        float most = room->smooth[(middle - 2) * count + s];
        for (int64_t t = middle - 1; t <= middle + 2; t++)
            most = room->smooth[t * count + s] > most ? room->smooth[t * count + s] : most;
        room->ranked[s] = most;
    }
    const double level = fmax((double)find_single_median(room->ranked, count), rules->least_level);
    const float low = (float)-level, high = (float)(2.0 * level);
    for (int64_t place = 0; place < offsets * count; place++) {
        const float value = room->smooth[place];
        room->smooth[place] = value < low ? low : value > high ? high : value;
    }
    for (int64_t t = 0; t < offsets - 3; t++) {
        for (int64_t s = 0; s < count; s++) {
            const float *value = room->smooth + t * count + s;
            const double before = value[0], at = value[count], after = value[2 * count], beyond = value[3 * count];
            const double rise = (after - before) / 2.0;
            const double bend = ((2.0 * after - 2.5 * at) + before) - beyond / 2.0;
            double *term = room->terms + (t * count + s) * 4;
            term[0] = at;
            term[1] = rise;
            term[2] = bend;
            term[3] = ((after - at) - rise) - bend;
        }
    }
}

/* Offset and slope of the line with the largest mean contrast. Twin: segments._fit_axis. */
static void fit_axis(const Field *field, const Rules *rules, int64_t from, int64_t count, Turn *turn, Room *room)
{
    const double middle = (turn->start + turn->stop) / 2.0, half = fmax((turn->stop - turn->start) / 2.0, 1.0);
    const double at = (double)(field->offsets / 2);
    double row = at, swing = 0.0;
    prepare_rows(field, rules, from, count, room);
    for (int64_t s = 0; s < count; s++)
        room->swung[s] = ((field->first_station + (double)(from + s)) - middle) / half;
    for (int64_t round = 0; round < rules->rounds; round++) {
        const double *steps = rules->steps + round * rules->tries;
        double best = -INFINITY, best_row = row, best_swing = swing;
        for (int64_t one = 0; one < rules->tries; one++) {
            for (int64_t other = 0; other < rules->tries; other++) {
                const double index = row + steps[one], swings = swing + steps[other];
                double goal = 0.0;
                for (int64_t s = 0; s < count; s++) {
                    const double whole = index + swings * room->swung[s];
                    const int64_t first = (int64_t)whole; /* never negative: see _Rows.sample */
                    const double way = whole - (double)first;
                    const double *term = room->terms + ((first - 1) * count + s) * 4;
                    goal += ((term[3] * way + term[2]) * way + term[1]) * way + term[0];
                }
                if (goal > best) {
                    best = goal;
                    best_row = index;
                    best_swing = swings;
                }
            }
        }
        row = best_row;
        swing = best_swing;
    }
    turn->offset = (row - at) * rules->step_px;
    turn->slope = swing * rules->step_px / half;
}

/* Contrast along the axis; NaN where the station is not observed. Twin: segments._sample_along. */
static void sample_along(const Field *field, const Rules *rules, double middle, const Turn *turn, Room *room)
{
    const int64_t stations = field->stations, most = field->offsets - 1;
    const double first_offset = -(double)(field->offsets / 2) * rules->step_px;
    for (int64_t s = 0; s < stations; s++) {
        const double station = field->first_station + (double)s;
        const double index = ((turn->offset + turn->slope * (station - middle)) - first_offset) / rules->step_px;
        const double lower = clip(floor(index), 0.0, (double)(most - 1)), share = clip(index - lower, 0.0, 1.0);
        const float *contrast = room->contrast + (int64_t)lower * stations + s;
        const double value = (double)contrast[0] * (1.0 - share) + (double)contrast[stations] * share;
        const int64_t nearest = (int64_t)rint(clip(index, 0.0, (double)most));
        room->along[s] = room->known[nearest * stations + s] > 0.0f ? value : NAN;
    }
}

/* Station near `last` at which the contrast falls through half of that just inside. Twin: segments._find_end.

   Outwards stations count up for the end and down for the start, which is found along the mirrored strip. */
static double find_end(const Field *field, int64_t last, int outward, double level, Room *room)
{
    const int64_t stations = field->stations;
    const int64_t start = outward > 0 ? 0 : stations - 1; /* of the walk; `last` is counted from there */
    const int64_t first_inside = greater(last - 9, 0), first = greater(last - 3, 0);
    const double *averaged = room->averaged;
    for (int64_t place = first_inside; place <= last; place++)
        room->ranked[place - first_inside] = averaged[start + outward * place];
    const double half = 0.5 * fmax(find_median(room->ranked, last + 1 - first_inside), 0.5 * level);
    for (int64_t place = first; place + 1 < lesser(last + 8, stations); place++) {
        const double here = averaged[start + outward * place], there = averaged[start + outward * (place + 1)];
        if (here >= half && half > there) {
            const double station = field->first_station + (double)(start + outward * place);
            return outward * station + (here - half) / (here - there);
        }
    }
    return outward * (field->first_station + (double)(start + outward * last)) + 0.5;
}

/* The station, from `middle` on, up to which the summed gain is largest, counted from there. */
static int64_t find_most_gain(const double *gain, int64_t middle, int64_t count, int outward)
{
    double sum = 0.0, most = -INFINITY;
    int64_t best = 0;
    for (int64_t place = 0; place < count; place++) {
        sum += gain[middle + outward * place];
        if (sum > most) {
            most = sum;
            best = place;
        }
    }
    return best;
}

/* Grow or shrink to the stations that are strip rather than not. Twin: segments._grow. */
static void grow(const Field *field, const Rules *rules, int64_t from, int64_t count, Turn *turn, Room *room)
{
    const int64_t stations = field->stations;
    const double asked = (turn->start + turn->stop) / 2.0;
    int64_t seen = 0, middle = 0;
    for (int64_t s = from; s < from + count; s++)
        if (isfinite(room->along[s]))
            room->ranked[seen++] = room->along[s];
    const double level = seen ? find_median(room->ranked, seen) : 0.0;
    turn->start = turn->stop = 0.0;
    if (!(level > 0.0))
        return;
    for (int64_t s = 0; s < stations; s++) {
        const double along = room->along[s];
        const int known = isfinite(along);
        room->gain[s] = known ? clip(along / level, rules->lowest_gain, rules->highest_gain) - rules->inside : 0.0;
        room->along[s] = known ? along : 0.0;
        if (fabs(field->first_station + (double)s - asked) < fabs(field->first_station + (double)middle - asked))
            middle = s;
    }
    for (int64_t s = 0; s < stations; s++) {
        const double before = room->along[greater(s - 1, 0)], after = room->along[lesser(s + 1, stations - 1)];
        room->averaged[s] = ((before + room->along[s]) + after) / 3.0;
    }
    const int64_t right = middle + find_most_gain(room->gain, middle, stations - middle, 1);
    const int64_t left = middle - find_most_gain(room->gain, middle, middle + 1, -1);
    turn->stop = find_end(field, right, 1, level, room);
    turn->start = -find_end(field, stations - 1 - left, -1, level, room);
}

/* The first station at or beyond a place, and the first beyond it. */
static int64_t find_station(const Field *field, double place, int beyond)
{
    int64_t s = 0;
    while (s < field->stations && (beyond ? field->first_station + (double)s <= place : field->first_station + (double)s < place))
        s++;
    return s;
}

/* Whether the line has more contrast than its near parallels. Twin: segments._stands_out. */
static int stands_out(const Field *field, const Rules *rules, const Turn *turn, Room *room)
{
    const int64_t stations = field->stations, from = find_station(field, turn->start, 0);
    const int64_t count = find_station(field, turn->stop, 1) - from;
    int64_t parallels = 0;
    double own = -INFINITY;
    for (int64_t t = 0; t < field->offsets; t++) {
        const double away = fabs((double)(t - field->offsets / 2) * rules->step_px);
        double sum = 0.0, total = 0.0;
        for (int64_t s = from; s < from + count; s++) {
            const double weight = (double)room->known[t * stations + s];
            sum += (double)room->contrast[t * stations + s] * weight;
            total += weight;
        }
        const double mean = total > 0.0 ? sum / total : 0.0;
        if (away <= rules->core_px && mean > own)
            own = mean;
        if (away >= rules->near_parallel_px && total / (double)count >= rules->least_known)
            room->ranked[parallels++] = fabs(mean);
    }
    const double scatter = parallels ? rules->sigma * find_median(room->ranked, parallels) : 0.0;
    return own >= rules->least_standing * scatter;
}

static int furnish(const Field *field, Room *room)
{
    const int64_t stations = field->stations, all = field->offsets * stations;
    const int64_t longest = greater(stations, field->offsets);
    const int64_t doubles = 4 * all + 5 * longest, floats = (4 + field->bands) * all + 3 * (field->bands + 1) * stations;
    double *place = malloc((size_t)doubles * sizeof(double) + (size_t)floats * sizeof(float));
    if (!place)
        return 0;
    room->terms = place;
    room->swung = place += 4 * all;
    room->along = place += longest;
    room->gain = place += longest;
    room->averaged = place += longest;
    room->ranked = place += longest;
    float *single = (float *)(place + longest);
    room->single = single;
    room->contrast = single += all;
    room->known = single += all;
    room->smooth = single += all;
    room->weighed = single += all;
    room->sums = single + field->bands * all;
    return 1;
}

/* Whether there are as many offsets as the line itself, with its flanks, and the largest steps of the axis reach. */
static int is_wide_enough(const Field *field, const Rules *rules)
{
    double reach = 0.0;
    for (int64_t round = 0; round < rules->rounds; round++)
        reach += 2.0 * rules->steps[(round + 1) * rules->tries - 1];
    return (field->offsets - 1) / 2 >= greater(rules->gap_rows + rules->flank_rows, (int64_t)ceil(reach) + 1);
}

/* vectors (lines, bands): mean contrast vectors, over `count` stations from `from` on, of the lines around so many rows;
   -1 where memory is lacking. */
int64_t cg_find_mean_vectors(const Field *field, const Rules *rules, int64_t from, int64_t count, const int64_t *rows,
                             int64_t lines, float *vectors)
{
    const int64_t floats = 3 * (field->bands + 1) + field->bands * field->offsets;
    double *ranked = malloc((size_t)(count + 1) * (sizeof(double) + (size_t)floats * sizeof(float)));
    if (!ranked)
        return -1;
    Room room = {.ranked = ranked, .sums = (float *)(ranked + count)};
    room.weighed = room.sums + 3 * (field->bands + 1) * count;
    const int64_t reach = rules->gap_rows + rules->flank_rows, end = field->offsets - 1;
    int64_t first = end, last = 0;
    for (int64_t line = 0; line < lines; line++) {
        first = lesser(first, greater(rows[line] - reach, 0));
        last = greater(last, lesser(rows[line] + reach, end));
    }
    weigh_bands(field, from, count, first, last, &room);
    for (int64_t line = 0; line < lines; line++)
        find_mean_vector(field, rules, rows[line], from, count, &room, vectors + line * field->bands);
    free(ranked);
    return 0;
}

/* contrast and known (offsets, stations) of a field of one band; -1 where memory is lacking. */
int64_t cg_map_contrast(const Field *single, const Rules *rules, float *contrast, float *known)
{
    float *sums = malloc((size_t)((4 + single->offsets) * single->stations) * sizeof(float));
    if (!sums)
        return -1;
    float *weighed = sums + 4 * single->stations;
    weigh(single->values, single->weight, single->stations, 0, single->stations, 0, single->offsets - 1, weighed);
    map_contrast(weighed, single, rules, sums, contrast, known);
    free(sums);
    return 0;
}

/* One turn of the fit: 1 where the strip goes on, 0 where it is given up, -1 where memory is lacking, -2 where what
   is asked for cannot be done. */
int64_t cg_take_turn(const Field *field, const Rules *rules, int64_t judged, Turn *turn)
{
    Room room;
    if (field->bands > MOST_BANDS || !is_wide_enough(field, rules))
        return -2;
    if (!furnish(field, &room))
        return -1;
    const double middle = (turn->start + turn->stop) / 2.0;
    const int64_t from = find_station(field, turn->start, 0), count = find_station(field, turn->stop, 1) - from;
    int64_t goes_on = count > 0 && find_direction(field, rules, from, count, &room);
    if (goes_on) {
        project(field, &room);
        map_contrast(room.single, field, rules, room.sums, room.contrast, room.known);
        fit_axis(field, rules, from, count, turn, &room);
        sample_along(field, rules, middle, turn, &room);
        grow(field, rules, from, count, turn, &room);
        const double length = turn->stop - turn->start;
        goes_on = rules->least_length_px <= length && length <= rules->most_length_px;
        goes_on = goes_on && (!judged || stands_out(field, rules, turn, &room));
    }
    free(room.terms);
    return goes_on;
}
