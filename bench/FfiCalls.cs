// The calls of binding_calls.c from C#: validate, start, read all events, take the result and the address of its frames, free. Prints
// the median of seconds per generation. Run by ffi_calls.py.
using System;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ltx;

static unsafe class FfiCalls {
  static void Check(ltx_status status) {
    if (status != ltx_status.LTX_OK) throw new Exception(status.ToString());
  }

  static void Generate(ltx_pipeline* pipeline, byte* prompt, int seed) {
    ltx_request request;
    ltx_event e;
    ltx_video_buffer video;
    ltx_job* job;
    ltx_result* result;
    Check(Native.ltx_request_init(&request));
    request.prompt = prompt;
    request.seed = (ulong)seed;
    Check(Native.ltx_generate_start(pipeline, &request, &job));
    Check(Native.ltx_event_init(&e));
    do {
      if (Native.ltx_job_next_event(job, 100, &e) != ltx_status.LTX_OK) e.type = 0;
    } while (e.type != ltx_event_type.LTX_EVENT_FINISHED);
    Check(Native.ltx_video_buffer_init(&video));
    Check(Native.ltx_job_result(job, &result));
    Check(Native.ltx_result_video(result, &video));
    Native.ltx_free(result);
    Native.ltx_free(job);
  }

  static void Main(string[] args) {
    var seconds = new double[int.Parse(args[0])];
    fixed (byte* root = Encoding.UTF8.GetBytes("toy\0"), prompt = Encoding.UTF8.GetBytes("logs=0 steps=1 chunks=1\0")) {
      ltx_model_paths models;
      ltx_pipeline_params settings;
      ltx_pipeline* pipeline;
      Check(Native.ltx_model_paths_init(&models));
      models.root = root;
      Check(Native.ltx_pipeline_params_init(&settings));
      settings.kind = ltx_pipeline_kind.LTX_PIPELINE_DISTILLED;
      settings.models = &models;
      Check(Native.ltx_pipeline_create(&settings, &pipeline));
      for (int i = 0; i < seconds.Length; ++i) {
        var clock = Stopwatch.StartNew();
        Generate(pipeline, prompt, i);
        seconds[i] = clock.Elapsed.TotalSeconds;
      }
      Native.ltx_free(pipeline);
    }
    Array.Sort(seconds);
    Console.WriteLine(seconds[seconds.Length / 2].ToString("F9", CultureInfo.InvariantCulture));
  }
}
