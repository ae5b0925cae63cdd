/* A made-up libnvidia-ml.so.1 for tests. It answers from the scenario file named by $FAKE_NVML, which is read
 * again at every initialisation: one "key value" a line, "#" starts a comment.
 *
 *   init CODE            what nvmlInit returns        driver TEXT    cuda NUMBER (12040 is 12.4)
 *   hang init|memory     that call never returns
 *   gpu NAME             starts a card; what follows is about it:
 *   total|free|used|reserved BYTES   mem_rc CODE      no_v2 1 (only the first version of the memory call)
 *   handle_rc CODE       the card cannot be opened    bus BITS, memclk MHZ, bw_rc CODE
 *   pci ADDRESS          cores N                      cc MAJOR.MINOR
 *   display 0|1          model 0|1|2 (WDDM, TCC, MCDM)
 *   proc C|G PID BYTES|na                             mig TOTAL FREE USED (a part of the card)
 *
 * Structures and symbol names are those of NVIDIA's nvml.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CARDS 8
#define MAX_PARTS 7
#define MAX_PROCESSES 16

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7, FUNCTION_NOT_FOUND = 13, ARGUMENT_VERSION_MISMATCH = 25
};

typedef unsigned long long u64;
typedef unsigned int u32;

typedef struct { char type; u32 pid; u64 bytes; } Use;

typedef struct Card {
    char name[96], pci[32];
    u64 total, free, used, reserved;
    int mem_rc, bw_rc, handle_rc, no_v2, display, model, cc_major, cc_minor;
    u32 bus, memclk, cores;
    int n_uses, n_parts;
    Use uses[MAX_PROCESSES];
    struct Card *parts[MAX_PARTS];
} Card;

static Card cards[MAX_CARDS], parts[MAX_CARDS * MAX_PARTS];
static int n_cards, n_parts, initialised, init_rc, hang_init, hang_memory, cuda = 12040;
static char driver[80] = "580.95.05";

static void hang(void) { for (;;) pause(); }

static void set_on_card(Card *card, const char *key, const char *value) {
    int number = atoi(value);
    u64 bytes = strtoull(value, 0, 10);
    if (!strcmp(key, "total")) card->total = bytes;
    else if (!strcmp(key, "free")) card->free = bytes;
    else if (!strcmp(key, "used")) card->used = bytes;
    else if (!strcmp(key, "reserved")) card->reserved = bytes;
    else if (!strcmp(key, "mem_rc")) card->mem_rc = number;
    else if (!strcmp(key, "handle_rc")) card->handle_rc = number;
    else if (!strcmp(key, "bw_rc")) card->bw_rc = number;
    else if (!strcmp(key, "no_v2")) card->no_v2 = number;
    else if (!strcmp(key, "bus")) card->bus = number;
    else if (!strcmp(key, "memclk")) card->memclk = number;
    else if (!strcmp(key, "cores")) card->cores = number;
    else if (!strcmp(key, "display")) card->display = number;
    else if (!strcmp(key, "model")) card->model = number;
    else if (!strcmp(key, "pci")) snprintf(card->pci, sizeof card->pci, "%s", value);
    else if (!strcmp(key, "cc")) sscanf(value, "%d.%d", &card->cc_major, &card->cc_minor);
    else if (!strcmp(key, "proc") && card->n_uses < MAX_PROCESSES) {
        Use *use = &card->uses[card->n_uses++];
        char amount[32] = "";
        sscanf(value, " %c %u %31s", &use->type, &use->pid, amount);
        use->bytes = strcmp(amount, "na") ? strtoull(amount, 0, 10) : ~0ULL;
    } else if (!strcmp(key, "mig") && card->n_parts < MAX_PARTS) {
        Card *part = &parts[n_parts++];
        memset(part, 0, sizeof *part);
        snprintf(part->name, sizeof part->name, "%.80s MIG 1g.10gb", card->name);
        sscanf(value, "%llu %llu %llu", &part->total, &part->free, &part->used);
        part->model = -1;
        card->parts[card->n_parts++] = part;
    } else {
        fprintf(stderr, "fake_nvml: unknown key %s\n", key);
        abort();
    }
}

static void read_scenario(void) {
    const char *path = getenv("FAKE_NVML");
    FILE *file = path ? fopen(path, "r") : 0;
    char line[256];
    Card *card = 0;
    n_cards = n_parts = init_rc = hang_init = hang_memory = 0;
    if (!file) {
        fprintf(stderr, "fake_nvml: no scenario\n");
        abort();
    }
    while (fgets(line, sizeof line, file)) {
        char key[32] = "", value[200] = "";
        if (sscanf(line, "%31s %199[^\n]", key, value) < 1 || key[0] == '#') continue;
        if (!strcmp(key, "init")) init_rc = atoi(value);
        else if (!strcmp(key, "cuda")) cuda = atoi(value);
        else if (!strcmp(key, "driver")) snprintf(driver, sizeof driver, "%.79s", value);
        else if (!strcmp(key, "hang")) *(strcmp(value, "init") ? &hang_memory : &hang_init) = 1;
        else if (!strcmp(key, "gpu") && n_cards < MAX_CARDS) {
            card = &cards[n_cards++];
            memset(card, 0, sizeof *card);
            snprintf(card->name, sizeof card->name, "%.95s", value);
            snprintf(card->pci, sizeof card->pci, "0000:%02x:00.0", n_cards);
            card->model = -1;
            card->cc_major = 8;
            card->cc_minor = 9;
        } else if (card) set_on_card(card, key, value);
    }
    fclose(file);
}

int nvmlInitWithFlags(u32 flags) {
    (void)flags;
    read_scenario();
    if (hang_init) hang();
    if (!init_rc) initialised++;
    return init_rc;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) {
    if (!initialised) return UNINITIALIZED;
    initialised--;
    return SUCCESS;
}
const char *nvmlErrorString(int code) {
    static char text[32];
    snprintf(text, sizeof text, "Error %d", code);
    return text;
}
int nvmlSystemGetDriverVersion(char *text, u32 size) { snprintf(text, size, "%s", driver); return SUCCESS; }
int nvmlSystemGetCudaDriverVersion(int *version) { *version = cuda; return SUCCESS; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = cuda; return SUCCESS; }

int nvmlDeviceGetCount_v2(u32 *count) {
    if (!initialised) return UNINITIALIZED;
    *count = n_cards;
    return SUCCESS;
}
int nvmlDeviceGetHandleByIndex_v2(u32 index, Card **card) {
    if (!initialised) return UNINITIALIZED;
    if ((int)index >= n_cards) return INVALID_ARGUMENT;
    *card = &cards[index];
    return cards[index].handle_rc;
}
int nvmlDeviceGetName(Card *card, char *text, u32 size) { snprintf(text, size, "%s", card->name); return SUCCESS; }

typedef struct { char legacy[16]; u32 domain, bus, device, id, subsystem; char bus_id[32]; } Pci;
int nvmlDeviceGetPciInfo_v3(Card *card, Pci *pci) {
    u32 domain = 0, bus = 0, device = 0, function = 0;
    memset(pci, 0, sizeof *pci);
    sscanf(card->pci, "%x:%x:%x.%x", &domain, &bus, &device, &function);
    pci->domain = domain;
    pci->bus = bus;
    pci->device = device;
    snprintf(pci->bus_id, sizeof pci->bus_id, "%08X:%02X:%02X.%X", domain, bus, device, function);
    return SUCCESS;
}

typedef struct { u64 total, free, used; } Memory;
typedef struct { u32 version; u64 total, reserved, free, used; } Memory2;
int nvmlDeviceGetMemoryInfo(Card *card, Memory *memory) {
    if (hang_memory) hang();
    if (card->mem_rc) return card->mem_rc;
    memory->total = card->total;
    memory->free = card->free;
    memory->used = card->total - card->free;
    return SUCCESS;
}
int nvmlDeviceGetMemoryInfo_v2(Card *card, Memory2 *memory) {
    if (hang_memory) hang();
    if (card->no_v2) return FUNCTION_NOT_FOUND;
    if (memory->version != (sizeof(Memory2) | 2 << 24)) return ARGUMENT_VERSION_MISMATCH;
    if (card->mem_rc) return card->mem_rc;
    memory->total = card->total;
    memory->reserved = card->reserved;
    memory->free = card->free;
    memory->used = card->used;
    return SUCCESS;
}

int nvmlDeviceGetMemoryBusWidth(Card *card, u32 *bits) { *bits = card->bus; return card->bw_rc; }
int nvmlDeviceGetMaxClockInfo(Card *card, u32 type, u32 *mhz) {
    if (type != 2) return NOT_SUPPORTED; /* NVML_CLOCK_MEM */
    *mhz = card->memclk;
    return card->bw_rc;
}
int nvmlDeviceGetCudaComputeCapability(Card *card, int *major, int *minor) {
    *major = card->cc_major;
    *minor = card->cc_minor;
    return SUCCESS;
}
int nvmlDeviceGetNumGpuCores(Card *card, u32 *cores) { *cores = card->cores; return card->cores ? SUCCESS : NOT_SUPPORTED; }
int nvmlDeviceGetDisplayActive(Card *card, u32 *active) { *active = card->display; return SUCCESS; }
int nvmlDeviceGetDriverModel_v2(Card *card, u32 *current, u32 *pending) {
    if (card->model < 0) return NOT_SUPPORTED;
    *current = *pending = card->model;
    return SUCCESS;
}

typedef struct { u32 pid; u64 bytes; u32 gpu_instance, compute_instance; } Process;
static int processes(Card *card, char type, u32 *count, Process *out) {
    u32 room = *count, found = 0;
    for (int i = 0; i < card->n_uses; i++) {
        if (card->uses[i].type != type) continue;
        if (out && found < room) {
            out[found].pid = card->uses[i].pid;
            out[found].bytes = card->uses[i].bytes;
            out[found].gpu_instance = out[found].compute_instance = ~0u;
        }
        found++;
    }
    *count = found;
    return found > (out ? room : 0) ? INSUFFICIENT_SIZE : SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(Card *card, u32 *n, Process *out) { return processes(card, 'C', n, out); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(Card *card, u32 *n, Process *out) { return processes(card, 'G', n, out); }

int nvmlDeviceGetMigMode(Card *card, u32 *current, u32 *pending) {
    if (!card->n_parts) return NOT_SUPPORTED;
    *current = *pending = 1;
    return SUCCESS;
}
int nvmlDeviceGetMaxMigDeviceCount(Card *card, u32 *count) { *count = card->n_parts ? MAX_PARTS : 0; return SUCCESS; }
int nvmlDeviceGetMigDeviceHandleByIndex(Card *card, u32 index, Card **part) {
    if ((int)index >= card->n_parts) return NOT_FOUND;
    *part = card->parts[index];
    return SUCCESS;
}
