// A clip from a prompt, the way a game engine makes one: a job runs on the library's thread, the main loop asks for one event per tick
// and never waits. No callback, no delegate, nothing to pin for longer than a call.
//
//   mcs -unsafe -out:generate.exe Generate.cs LtxNative.cs
//   LD_LIBRARY_PATH=<folder of libltx.so> mono generate.exe MODELS OUTPUT.rgb "a prompt" [WIDTH HEIGHT FRAMES]
//
// MODELS is a folder with a checkpoint, a text encoder and a spatial upsampler. OUTPUT.rgb receives the frames as they come, 3 bytes per
// pixel: ffplay -f rawvideo -pixel_format rgb24 -video_size 768x512 OUTPUT.rgb
using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using Ltx;

/// A failed call: what the library says about it.
sealed class LtxException : Exception {
  public LtxException(string message) : base(message) { }

  public static unsafe void Check(ltx_status status) {
    if (status != ltx_status.LTX_OK) throw new LtxException(Text.From(Native.ltx_last_error()));
  }
}

/// A text as the library takes it: UTF-8 with a NUL, at an address that stays. The library copies it before a call returns.
sealed unsafe class Text : IDisposable {
  public byte* Bytes { get; private set; }

  public Text(string value) {
    byte[] bytes = Encoding.UTF8.GetBytes(value + "\0");
    Bytes = (byte*)Marshal.AllocHGlobal(bytes.Length);
    Marshal.Copy(bytes, 0, (IntPtr)Bytes, bytes.Length);
  }

  public void Dispose() {
    Marshal.FreeHGlobal((IntPtr)Bytes);
    Bytes = null;
  }

  public static string From(byte* text) {
    if (text == null) return "";
    int length = 0;
    while (text[length] != 0) ++length;
    return Encoding.UTF8.GetString(text, length);
  }
}

/// A generation that the main loop asks about.
sealed unsafe class Generation : IDisposable {
  ltx_job* job;
  public bool Finished { get; private set; }
  public double Fraction { get; private set; }
  public string Phase { get; private set; }

  public Generation(ltx_pipeline* pipeline, string prompt, int width, int height, int frames) {
    using (var text = new Text(prompt)) {
      ltx_request request;
      LtxException.Check(Native.ltx_request_init(&request));
      request.prompt = text.Bytes;
      request.width = width;
      request.height = height;
      request.num_frames = frames;
      fixed (ltx_job** handle = &job) LtxException.Check(Native.ltx_generate_start(pipeline, &request, handle));
    }
  }

  /// Once per tick: takes the next event if there is one, never waits.
  public void Tick() {
    ltx_event e;
    LtxException.Check(Native.ltx_event_init(&e));
    ltx_status status = Native.ltx_job_next_event(job, 0, &e);
    if (status == ltx_status.LTX_E_TIMEOUT) return;
    LtxException.Check(status);
    if (e.type == ltx_event_type.LTX_EVENT_PROGRESS) {
      Fraction = e.progress->fraction;
      Phase = Text.From(Native.ltx_enum_name(ltx_enum.LTX_ENUM_PHASE, (int)e.progress->phase));
    } else if (e.type == ltx_event_type.LTX_EVENT_FINISHED) {
      Finished = true;
      if (e.status != ltx_status.LTX_OK) throw new LtxException(Text.From(e.message));
    }
  }

  public ltx_result* Result() {
    ltx_result* result;
    LtxException.Check(Native.ltx_job_result(job, &result));
    return result;
  }

  /// While the job runs, this cancels it without waiting.
  public void Dispose() {
    Native.ltx_free(job);
    job = null;
  }
}

static unsafe class Program {
  const double TickSeconds = 1.0 / 60;

  static ltx_pipeline* Open(string folder) {
    using (var root = new Text(folder)) {
      ltx_model_paths models;
      ltx_pipeline_params settings;
      ltx_pipeline* pipeline;
      LtxException.Check(Native.ltx_model_paths_init(&models));
      LtxException.Check(Native.ltx_pipeline_params_init(&settings));
      models.root = root.Bytes;
      settings.kind = ltx_pipeline_kind.LTX_PIPELINE_DISTILLED;
      settings.models = &models;
      LtxException.Check(Native.ltx_pipeline_create(&settings, &pipeline));
      return pipeline;
    }
  }

  /// The frames in memory of this program, tightly packed. An engine would hand its texture's memory to the library instead.
  static byte[] Copy(ltx_result* result) {
    ltx_video_buffer view, target;
    LtxException.Check(Native.ltx_video_buffer_init(&view));
    LtxException.Check(Native.ltx_video_buffer_init(&target));
    LtxException.Check(Native.ltx_result_video(result, &view));
    var frames = new byte[3L * view.width * view.height * view.frame_count];
    fixed (byte* data = frames) {
      target.pixel_format = ltx_pixel_format.LTX_PIXEL_RGB8;
      target.data = data;
      target.data_size = (ulong)frames.Length;
      LtxException.Check(Native.ltx_result_copy_frames(result, 0, view.frame_count, &target));
    }
    return frames;
  }

  static void Report(ltx_result* result, string path, int ticks) {
    ltx_stats stats;
    LtxException.Check(Native.ltx_stats_init(&stats));
    LtxException.Check(Native.ltx_result_stats(result, &stats));
    var digest = new StringBuilder();
    for (int i = 0; i < 32; ++i) digest.Append(stats.latent_sha256[i].ToString("x2"));
    Console.WriteLine("wrote {0}: {1} frames of {2}x{3}, {4} ticks, latents {5}", path, stats.num_frames, stats.width, stats.height,
                      ticks, digest);
  }

  /// The main loop. Returns the number of ticks.
  static int Run(Generation generation) {
    int ticks = 0;
    string shown = null;
    var clock = Stopwatch.StartNew();
    while (!generation.Finished) {
      generation.Tick();
      ++ticks;
      // Here an engine moves and draws its world.
      if (generation.Phase != shown)
        Console.WriteLine("tick {0}: {1}, {2:0} %", ticks, shown = generation.Phase, 100 * generation.Fraction);
      double wait = ticks * TickSeconds - clock.Elapsed.TotalSeconds;
      if (wait > 0) Thread.Sleep(TimeSpan.FromSeconds(wait));
    }
    return ticks;
  }

  static int Main(string[] args) {
    if (args.Length != 3 && args.Length != 6) {
      Console.Error.WriteLine("usage: generate.exe MODELS OUTPUT.rgb PROMPT [WIDTH HEIGHT FRAMES]");
      return 2;
    }
    ltx_pipeline* pipeline = null;
    ltx_result* result = null;
    try {
      int[] size = { Native.LTX_DEFAULT, Native.LTX_DEFAULT, Native.LTX_DEFAULT };
      for (int i = 3; i < args.Length; ++i) size[i - 3] = int.Parse(args[i]);
      pipeline = Open(args[0]);
      int ticks;
      using (var generation = new Generation(pipeline, args[2], size[0], size[1], size[2])) {
        ticks = Run(generation);
        result = generation.Result();
      }
      File.WriteAllBytes(args[1], Copy(result));
      Report(result, args[1], ticks);
      return 0;
    } catch (LtxException e) {
      Console.Error.WriteLine(e.Message);
      return 1;
    } finally {
      Native.ltx_free(result);
      Native.ltx_free(pipeline);
    }
  }
}
